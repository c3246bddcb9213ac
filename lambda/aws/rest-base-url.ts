/** Source: Amazon API Gateway developer guide, "Invoke REST APIs": `{api}.execute-api.{region}.amazonaws.com/{stage}`. */
const EXECUTE_API = /^[a-z0-9-]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/;

/**
 * Where clients find this gateway: `https://agents.acme.com`, and with the stage behind the host where the host is API
 * Gateway's own. Requests come without it (see `toRequest`), and their host is API Gateway's word, not the caller's.
 */
export const restBaseUrl =
  (stage: string) =>
  (url: string): string => {
    const { origin, hostname } = new URL(url);
    return EXECUTE_API.test(hostname) ? `${origin}/${stage}` : origin;
  };

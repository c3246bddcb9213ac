import http from 'node:http';
import { pathToFileURL } from 'node:url';
import { awslambdaStandIn, isStreaming, ResponseStream } from './lambda-streaming.ts';

/**
 * What runs in a Lambda environment before the handler: loads it once, then asks the Runtime API for one event after
 * another. `node lambda-bootstrap.ts FILE` with AWS_LAMBDA_RUNTIME_API in the environment.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
Object.assign(globalThis, { awslambda: awslambdaStandIn });

const [file = ''] = process.argv.slice(2);
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const post = (path: string, headers: http.OutgoingHttpHeaders): http.ClientRequest =>
  http.request(`${api}/${path}`, { method: 'POST', headers, agent: false }, (response) => response.resume());

const postError = (path: string, thrown: unknown): void => {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  post(path, { 'content-type': 'application/json' }).end(JSON.stringify({ errorType: name, errorMessage: message }));
};

const contextOf = (headers: Headers) => ({
  awsRequestId: headers.get('lambda-runtime-aws-request-id') ?? '',
  getRemainingTimeInMillis: () =>
    Number(headers.get('lambda-runtime-deadline-ms')) - performance.timeOrigin - performance.now(),
});

const { handler } = await import(pathToFileURL(file).href).catch((thrown: unknown) => {
  postError('init/error', thrown);
  throw thrown;
});

for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const event = await next.json();
  const context = contextOf(next.headers);
  const invocation = `invocation/${context.awsRequestId}`;
  try {
    if (isStreaming(handler)) {
      const connection = post(`${invocation}/response`, { 'lambda-runtime-function-response-mode': 'streaming' });
      connection.on('error', () => {});
      await handler(event, new ResponseStream(connection), context);
    } else {
      const result = await handler(event, context);
      post(`${invocation}/response`, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    }
  } catch (thrown) {
    postError(`${invocation}/error`, thrown);
  }
}

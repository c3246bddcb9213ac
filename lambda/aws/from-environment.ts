import type { Clock } from '../core/clock.ts';
import type { ReadSecret } from '../outbound-auth/cached-credentials.ts';
import { type AwsCredentials, type AwsJsonClient, type AwsService, createAwsJsonClient } from './json-client.ts';
import { secretsManagerCredentials } from './secrets-manager-credentials.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** AWS as the environment of a Lambda gives it. */
export interface AwsFromEnvironment {
  readonly region: string;
  /** Read at each call: Lambda may renew them. */
  readonly credentials: () => AwsCredentials;
  readonly client: (service: AwsService) => AwsJsonClient;
  /** Secrets by the names that `arns` gives them: a JSON object, name → ARN. Any other name is unset. */
  readonly secrets: (arns: string) => ReadSecret;
}

/** Where the AWS SDKs look for another endpoint: a VPC endpoint, or a stand-in. */
const ENDPOINTS: Readonly<Record<AwsService, string>> = {
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  ssm: 'AWS_ENDPOINT_URL_SSM',
  kms: 'AWS_ENDPOINT_URL_KMS',
};

const SECRET_TIMEOUT_MS = 3_000;

/** Errors: `Error` with the name of a variable that Lambda always sets and that is not there. */
export const awsFromEnvironment = (env: Environment, clock: Clock): AwsFromEnvironment => {
  const needed = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') throw new Error(`environment variable ${name} is not set`);
    return value;
  };
  const region = needed('AWS_REGION');
  const credentials = (): AwsCredentials => {
    const sessionToken = env.AWS_SESSION_TOKEN;
    return {
      accessKeyId: needed('AWS_ACCESS_KEY_ID'),
      secretAccessKey: needed('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
  };
  const client = (service: AwsService): AwsJsonClient => {
    const endpoint = env[ENDPOINTS[service]];
    return createAwsJsonClient({
      service,
      region,
      clock,
      credentials,
      ...(endpoint === undefined ? {} : { endpoint }),
    });
  };
  const secrets = (arns: string): ReadSecret => {
    const byName = new Map<string, string>(Object.entries(JSON.parse(arns)));
    const read = secretsManagerCredentials({
      client: client('secretsmanager'),
      prefix: '',
      timeoutMs: SECRET_TIMEOUT_MS,
    });
    return async (name) => {
      const arn = byName.get(name);
      return arn === undefined ? undefined : read(arn);
    };
  };
  return { region, credentials, client, secrets };
};

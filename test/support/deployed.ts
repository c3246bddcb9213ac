import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type EmbeddedDynamo, embeddedDynamo, TEST_CREDENTIALS } from './embedded-dynamo.ts';
import { type Lambda, startLambda } from './lambda-runtime.ts';
import { type Loopback, listen } from './loopback.ts';
import { type Synthesized, synthesize } from './synth.ts';

const METHOD_ARN = 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod/POST/anthropic/v1/chat/completions';

export interface Allowed {
  readonly principalId: string;
  readonly policyDocument: { readonly Statement: readonly object[] };
  readonly context: Readonly<Record<string, unknown>>;
}

export interface Deployed {
  readonly issuer: string;
  readonly dynamo: EmbeddedDynamo;
  /** What is in all tables. */
  items(): Promise<readonly Record<string, { readonly S?: string; readonly N?: string }>[]>;
  /** One of the functions, by what its description says. `environment` tells where other stand-ins are. */
  start(description: string, environment?: Readonly<Record<string, string>>): Promise<Lambda>;
  /** Logical ids of the resources of a type. */
  idsOf(type: string): readonly string[];
  /** `expires` as jose reads it: `5m`, or `-5m` for one that is over. */
  tokenFor(sub: string, scp?: readonly string[], expires?: string): Promise<string>;
  /** What the authorizer says of a token. */
  authorize(token: string): Promise<Allowed>;
  readonly authorizer: Lambda;
  close(): Promise<void>;
}

/** What API Gateway hands on: every value of the context as a string. */
export const handOn = ({ principalId, context }: Allowed): Record<string, string> =>
  Object.fromEntries(Object.entries({ principalId, ...context }).map(([name, value]) => [name, String(value)]));

/** The ARN that stands for a secret, from its logical id. */
const arnOf = (id: string): string => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${id}`;

/** Gives the names that CloudFormation would: a table's, a secret's ARN. */
const resolveRefs = (value: unknown, names: Readonly<Record<string, string>>): string => {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) return join[1].map((part) => resolveRefs(part, names)).join(join[0]);
  const name = names[Ref ?? ''];
  if (name === undefined)
    throw new Error(`the template refers to something this test has no name for: ${JSON.stringify(value)}`);
  return name;
};

/** Secrets Manager: answers to the ARN of what has a value, by a word in its logical id. */
const startSecrets = (values: Readonly<Record<string, string>>): Promise<Loopback> =>
  listen(async (request, response) => {
    const { SecretId } = (await json(request)) as { readonly SecretId: string };
    const [, value] = Object.entries(values).find(([word]) => SecretId.includes(word)) ?? [];
    const known = value !== undefined && request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue';
    const body = known ? { SecretString: value } : { __type: 'ResourceNotFoundException' };
    response.writeHead(known ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });

/**
 * What `cdk deploy` would upload, run as Lambda would run it: the bundles out of cdk.out with the environment the template
 * gives them. Only the far ends are stand-ins.
 *
 * Shape:  `policyFor` gives the gateway.yaml for an issuer; `secrets` has values by a word of a secret's logical id.
 */
export const deploy = async (
  policyFor: (issuer: string) => string,
  secrets: Readonly<Record<string, string>>,
): Promise<Deployed> => {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  const keys = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const issuing = await listen((request, response) => {
    const found = request.url === '/oauth2/default/v1/keys';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  const secretsManager = await startSecrets(secrets);
  const dynamo = await embeddedDynamo();
  closing.push(issuing.close, secretsManager.close, dynamo.close);
  const issuer = `${issuing.url}/oauth2/default`;

  const directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-journey-'));
  closing.push(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'gateway.yaml');
  writeFileSync(file, policyFor(issuer));
  const stack: Synthesized = synthesize(file);
  closing.push(stack.remove);

  const names: Record<string, string> = {};
  const tables: string[] = [];
  for (const [id] of stack.ofType('AWS::DynamoDB::Table')) {
    names[id] = await dynamo.createTable();
    tables.push(names[id]);
  }
  for (const [id] of stack.ofType('AWS::SecretsManager::Secret')) names[id] = arnOf(id);
  for (const [id] of stack.ofType('AWS::KMS::Key')) names[id] = id;

  const start = async (description: string, environment: Readonly<Record<string, string>> = {}): Promise<Lambda> => {
    const [id = '', resource] =
      stack
        .ofType('AWS::Lambda::Function')
        .find(([, { Properties }]) => Properties.Description.includes(description)) ?? [];
    const variables: Record<string, unknown> = resource?.Properties.Environment?.Variables ?? {};
    const lambda = await startLambda(stack.bundleOf(id), {
      ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, resolveRefs(value, names)])),
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
      AWS_SESSION_TOKEN: TEST_CREDENTIALS.sessionToken,
      ...environment,
    });
    closing.push(lambda.close);
    return lambda;
  };

  const authorizer = await start('bearer tokens');

  return {
    issuer,
    dynamo,
    items: async () => (await Promise.all(tables.map((table) => dynamo.read(table)))).flat(),
    authorizer,
    start,
    idsOf: (type) => stack.ofType(type).map(([id]) => id),
    close,
    tokenFor: (sub, scp = ['llm:call'], expires = '5m') =>
      new SignJWT({ ver: 1, uid: `00u-${sub}`, cid: 'agent', scp, sub: `${sub}@acme.example` })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(issuer)
        .setAudience('api://default')
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(expires)
        .sign(keys.privateKey),
    authorize: async (token) =>
      (await authorizer.invoke({
        type: 'TOKEN',
        methodArn: METHOD_ARN,
        authorizationToken: `Bearer ${token}`,
      })) as Allowed,
  };
};

/** What API Gateway asks a REST API's Lambda authorizer, of type TOKEN or REQUEST: the members that we read. */
export interface AuthorizerEvent {
  readonly methodArn: string;
  readonly authorizationToken?: string;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
}

/**
 * What it wants to hear.
 * Source: Amazon API Gateway developer guide, "Output from an API Gateway Lambda authorizer".
 */
export interface AuthorizerResult {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly [
      { readonly Action: 'execute-api:Invoke'; readonly Effect: 'Allow'; readonly Resource: string },
    ];
  };
  readonly context: Readonly<Record<string, string | number>>;
}

/** The `authorization` header; several are joined by commas, which no bearer token survives. */
export const authorizationOf = (event: AuthorizerEvent): string | undefined => {
  if (event.authorizationToken !== undefined) return event.authorizationToken;
  const named = (headers: object | null | undefined) =>
    Object.entries(headers ?? {})
      .filter(([name, value]) => name.toLowerCase() === 'authorization' && value !== undefined)
      .flatMap(([, value]): string[] => value);
  const sent = named(event.multiValueHeaders);
  const values = sent.length > 0 ? sent : named(event.headers);
  return values.length === 0 ? undefined : values.join(',');
};

/**
 * Lets the caller through to every method of the stage. API Gateway keeps the answer per token, not per path: a policy for
 * the one path asked about would deny the next.
 */
export const allowStage = (
  methodArn: string,
  principalId: string,
  context: AuthorizerResult['context'],
): AuthorizerResult => {
  const [api, stage] = methodArn.split('/');
  if (!api?.startsWith('arn:') || !stage) throw new Error('the method ARN has no stage');
  return {
    principalId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${api}/${stage}/*/*` }],
    },
    context,
  };
};

/**
 * API Gateway's own address of the stage, which is the issuer of the gateway's own tokens where the policy names none.
 * `undefined` for what is no ARN of a method.
 *
 * Source: Amazon API Gateway developer guide, "Invoke REST APIs"; AWS General Reference, partitions.
 */
export const apiUrlOf = (methodArn: string): string | undefined => {
  const [, partition, region, api, stage] =
    /^arn:(aws[a-z-]*):execute-api:([a-z0-9-]+):\d{12}:([a-z0-9]+)\/([\w-]+)\//.exec(methodArn) ?? [];
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return stage === undefined ? undefined : `https://${api}.execute-api.${region}.${suffix}/${stage}`;
};

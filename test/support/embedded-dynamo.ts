import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { type AwsJsonClient, createAwsJsonClient } from '../../lambda/aws/json-client.ts';
import { systemClock } from '../../lambda/core/clock.ts';

/** What happens to one request: refused unapplied, never answered, or applied with its answer lost. */
export type Fault = 'throttle' | 'reject' | 'error' | 'hang' | 'lose-reply' | 'error-after';

export interface EmbeddedDynamo {
  readonly endpoint: string;
  readonly client: AwsJsonClient;
  /** Operations in the order they came: `UpdateItem`. */
  readonly operations: string[];
  /** Asked for each request. */
  fault: (operation: string) => Fault | undefined;
  createTable(): Promise<string>;
  read(table: string): Promise<readonly Record<string, { S?: string; N?: string }>[]>;
  close(): Promise<void>;
}

export const TEST_CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'not-a-secret',
  sessionToken: 'session',
};

/** A DynamoDB-compatible server on loopback, with our own client to it. */
export const embeddedDynamo = async (): Promise<EmbeddedDynamo> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  const [serve] = server.listeners('request') as ((req: IncomingMessage, res: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    dynamo.operations.push(operation);
    const fault = dynamo.fault(operation);
    if (fault === 'hang') return;
    if (fault === 'throttle') return answer(response, 400, 'ProvisionedThroughputExceededException');
    if (fault === 'reject') return answer(response, 400, 'ValidationException');
    if (fault === 'error') return answer(response, 500, 'InternalServerError');
    if (fault === 'lose-reply' || fault === 'error-after') {
      const end = response.end.bind(response);
      response.end = () => {
        if (fault === 'lose-reply') request.socket.destroy();
        else {
          response.statusCode = 500;
          response.removeHeader('content-length');
          end('{"__type":"InternalServerError"}');
        }
        return response;
      };
    }
    serve?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const client = createAwsJsonClient({
    service: 'dynamodb',
    region: 'eu-central-1',
    credentials: () => TEST_CREDENTIALS,
    clock: systemClock,
    endpoint,
  });

  let tables = 0;
  const send = (operation: string, input: object) =>
    client.send(operation, input, { signal: AbortSignal.timeout(10_000) });
  const dynamo: EmbeddedDynamo = {
    endpoint,
    client,
    operations: [],
    fault: () => undefined,
    async createTable() {
      const name = `limits-${++tables}`;
      await send('CreateTable', {
        TableName: name,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      });
      for (;;) {
        const { Table } = (await send('DescribeTable', { TableName: name })) as { Table: { TableStatus: string } };
        if (Table.TableStatus === 'ACTIVE') break;
      }
      dynamo.operations.length = 0;
      return name;
    },
    async read(table) {
      const { Items } = (await send('Scan', { TableName: table, ConsistentRead: true })) as { Items: never };
      return Items;
    },
    async close() {
      await client.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return dynamo;
};

const answer = (response: ServerResponse, status: number, type: string): void => {
  response.statusCode = status;
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'arn:aws:secret-thing' }));
};

import { Writable } from 'node:stream';

/** What Lambda gives a streaming handler to write to: passes everything on to the connection that carries the answer. */
export class ResponseStream extends Writable {
  readonly #connection: Writable;
  #beforeFirstWrite: (() => Buffer) | undefined;

  constructor(connection: Writable) {
    super({ highWaterMark: 16 * 1024 });
    this.#connection = connection;
    connection.on('error', (error) => this.destroy(error));
    connection.once('close', () => connection.writableFinished || this.destroy(new Error('the caller is gone')));
  }

  /** Only the first write sends the prelude, as in the managed runtime: a handler that never writes never answers. */
  beforeFirstWrite(make: () => Buffer): void {
    this.#beforeFirstWrite = make;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const prelude = this.#beforeFirstWrite?.() ?? Buffer.alloc(0);
    this.#beforeFirstWrite = undefined;
    const bytes = Buffer.concat([prelude, chunk]);
    if (bytes.length === 0 || this.#connection.write(bytes)) done();
    else this.#connection.once('drain', () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#connection.writableFinished) this.#connection.destroy();
    done(error);
  }
}

export const PRELUDE_END = Buffer.alloc(8);

type StreamingHandler = (event: unknown, out: Writable, context: unknown) => Promise<void>;

const streaming = new WeakSet<object>();

export const isStreaming = (handler: object): boolean => streaming.has(handler);

/**
 * The globals of Lambda's Node runtime that response streaming needs.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html and
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html (the prelude).
 */
export const awslambdaStandIn = {
  streamifyResponse: (handler: StreamingHandler): StreamingHandler => {
    streaming.add(handler);
    return handler;
  },
  HttpResponseStream: {
    from: (out: ResponseStream, prelude: Readonly<Record<string, unknown>>): ResponseStream => {
      out.beforeFirstWrite(() => Buffer.concat([Buffer.from(JSON.stringify(prelude)), PRELUDE_END]));
      return out;
    },
  },
};

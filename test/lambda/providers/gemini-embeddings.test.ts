import { describe, expect, test } from '@jest/globals';
import { noFacts } from '../../../lambda/core/call.ts';
import type { EmbeddingsCall } from '../../../lambda/core/embeddings.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { geminiEmbeddingBatches, geminiEmbeddings } from '../../../lambda/providers/gemini-embeddings.ts';

const call = (inputs: EmbeddingsCall['inputs']): EmbeddingsCall => ({
  id: 'req_1',
  principal: ANONYMOUS,
  token: undefined,
  request: { method: 'POST', path: '/', headers: {}, ip: '127.0.0.1' },
  route: '/v1',
  signal: new AbortController().signal,
  facts: noFacts(),
  model: 'gemini-embedding-001',
  inputs,
  dimensions: 256,
  encoding: 'float',
  body: {},
  foreign: ['user'],
});
const CONFIG = {
  name: 'gemini',
  kind: 'gemini',
  baseUrl: '',
  timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1 },
} as const;

describe('embeddings', () => {
  test('name the model again for every text', () => {
    expect(geminiEmbeddings.toRequest({ model: 'gemini-embedding-001', input: ['a', 'b'], dimensions: 256 })).toEqual({
      method: 'POST',
      path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
      headers: {},
      body: {
        requests: ['a', 'b'].map((text) => ({
          model: 'models/gemini-embedding-001',
          content: { parts: [{ text }] },
          outputDimensionality: 256,
        })),
      },
      dropped: [],
    });
    expect(geminiEmbeddings.toRequest({ model: 'models/m', input: ['a'] }).body).toEqual({
      requests: [{ model: 'models/m', content: { parts: [{ text: 'a' }] } }],
    });
  });

  test('come back as vectors of length 1, in order', () => {
    const body = { embeddings: [{ values: [3, 4] }, { values: [0, 1] }], usageMetadata: { promptTokenCount: 5 } };
    expect(geminiEmbeddings.toReply(body, 2)).toEqual({
      vectors: [
        [0.6, 0.8],
        [0, 1],
      ],
      tokens: 5,
    });
    expect(geminiEmbeddings.toReply({ embeddings: [{ values: [0, 0] }] }, 1)).toEqual({ vectors: [[0, 0]] });
  });

  test.each([
    [{}],
    [{ embeddings: [] }],
    [{ embeddings: [{ values: [] }] }],
    [{ embeddings: [{ values: ['1'] }] }],
    [{ embeddings: [null] }],
  ])('%j is not an answer to one text', (body) => {
    expect(() => geminiEmbeddings.toReply(body, 1)).toThrow(expect.objectContaining({ code: 'upstream_failed' }));
  });

  test('of many texts are asked for a hundred at a time, and keep their order', () => {
    const many = call(Array.from({ length: 201 }, (_, index) => String(index)));
    const requests = geminiEmbeddingBatches.toRequest(many, 'gemini-embedding-001', CONFIG);
    const sizes = requests.map(({ body }) => (Array.isArray(body?.requests) ? body.requests.length : 0));
    expect(sizes).toEqual([100, 100, 1]);
    expect(requests[0]?.dropped).toEqual(['user']);
    const bodies = sizes.map((size, at) => ({
      embeddings: Array.from({ length: size }, () => ({ values: [at, 1] })),
      usageMetadata: { promptTokenCount: size },
    }));
    const reply = geminiEmbeddingBatches.toReply(bodies, many);
    expect(reply).toMatchObject({ type: 'vectors', tokens: 201 });
    expect(reply.type === 'vectors' && reply.vectors.map(([first]) => first)).toHaveLength(201);
    expect(reply.type === 'vectors' && reply.vectors.at(99)?.[0]).toBe(0);
    expect(reply.type === 'vectors' && reply.vectors.at(200)?.[0]).toBeCloseTo(2 / Math.sqrt(5));
  });

  test('have a count of tokens only if every part has one', () => {
    const many = call(Array.from({ length: 101 }, () => 'a'));
    const body = (size: number) => ({ embeddings: Array.from({ length: size }, () => ({ values: [1] })) });
    const told = { ...body(100), usageMetadata: { promptTokenCount: 1 } };
    expect(geminiEmbeddingBatches.toReply([told, body(1)], many)).not.toHaveProperty('tokens');
  });

  test('of token numbers are refused: they are words of another model', () => {
    expect(() => geminiEmbeddingBatches.toRequest(call([[1, 2]]), 'm', CONFIG)).toThrow(
      expect.objectContaining({ code: 'unsupported_content', param: 'input' }),
    );
  });
});

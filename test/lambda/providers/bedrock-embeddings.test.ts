import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noFacts } from '../../../lambda/core/call.ts';
import type { EmbeddingsCall } from '../../../lambda/core/embeddings.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import {
  bedrockEmbeddings,
  readBedrockEmbeddings,
  writeBedrockEmbeddings,
} from '../../../lambda/providers/bedrock-embeddings.ts';
import type { Json, UpstreamRequest } from '../../../lambda/providers/provider.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { chatCall, providerConfig } from '../../support/chat-calls.ts';

const [TITAN1, TITAN2] = ['amazon.titan-embed-text-v1', 'amazon.titan-embed-text-v2:0'];
const [COHERE3, COHERE4] = ['cohere.embed-multilingual-v3', 'us.cohere.embed-v4:0'];

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const asked = async (requests: readonly UpstreamRequest[]): Promise<Json[]> =>
  Promise.all(
    requests.map(async ({ path, body }) => {
      const answer = await fetch(`${simulators.url}/bedrock${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
      return (await answer.json()) as Json;
    }),
  );

const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
};

describe('requests', () => {
  test('Titan takes one text each, and dimensions from its second version on', () => {
    const first = writeBedrockEmbeddings({ model: TITAN1, input: ['a', 'b'] });
    expect(first.map(({ path, body }) => [path, body])).toEqual([
      ['/model/amazon.titan-embed-text-v1/invoke', { inputText: 'a' }],
      ['/model/amazon.titan-embed-text-v1/invoke', { inputText: 'b' }],
    ]);
    const [second] = writeBedrockEmbeddings({ model: TITAN2, input: ['a'], dimensions: 256 });
    expect(second).toMatchObject({
      path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
      body: { inputText: 'a', dimensions: 256 },
    });
  });

  test('Cohere takes 96 texts each, and dimensions from its fourth version on', () => {
    const input = Array.from({ length: 200 }, (_, index) => `text ${index}`);
    const requests = writeBedrockEmbeddings({ model: COHERE3, input });
    expect(requests.map(({ body }) => [body?.texts].flat().length)).toEqual([96, 96, 8]);
    expect(requests.flatMap(({ body }) => body?.texts)).toEqual(input);
    expect(requests[0]?.body).toMatchObject({ input_type: 'search_document', embedding_types: ['float'] });
    const [fourth] = writeBedrockEmbeddings({ model: COHERE4, input: ['a'], dimensions: 512 });
    expect(fourth?.body).toMatchObject({ texts: ['a'], output_dimension: 512 });
  });

  test.each([
    [TITAN1, 512],
    [TITAN2, 1536],
    [COHERE3, 512],
    [COHERE4, 300],
  ])('%s has no %i dimensions: refused with those it has', (model, dimensions) => {
    const refused = refusalOf(() => writeBedrockEmbeddings({ model, input: ['a'], dimensions }));
    expect(refused).toMatchObject({ code: 'unsupported_parameter', param: 'dimensions' });
    expect(refused.expected).toMatch(/\d/);
  });

  test('the dimensions that a model always has may be asked for, and are not sent where they are unknown', () => {
    expect(writeBedrockEmbeddings({ model: TITAN1, input: ['a'], dimensions: 1536 })[0]?.body).toEqual({
      inputText: 'a',
    });
    expect(writeBedrockEmbeddings({ model: COHERE3, input: ['a'], dimensions: 1024 })[0]?.body).not.toHaveProperty(
      'output_dimension',
    );
  });

  test('a model that embeds nothing is refused', () => {
    const refused = refusalOf(() => writeBedrockEmbeddings({ model: 'amazon.nova-pro-v1:0', input: ['a'] }));
    expect(refused.code).toBe('surface_not_served');
  });
});

describe('vectors', () => {
  test.each([
    [TITAN1, undefined, 1536],
    [TITAN2, 256, 256],
    [COHERE3, undefined, 1024],
    [COHERE4, 512, 512],
  ])('of %s come back in the order of the texts', async (model, dimensions, length) => {
    const input = ['one', 'two', 'one'];
    const call = { model, input, ...(dimensions === undefined ? {} : { dimensions }) };
    const { vectors, tokens } = readBedrockEmbeddings(await asked(writeBedrockEmbeddings(call)), input.length);
    expect(vectors.map((vector) => vector.length)).toEqual([length, length, length]);
    expect(vectors[0]).toEqual(vectors[2]);
    expect(vectors[0]).not.toEqual(vectors[1]);
    expect(tokens).toEqual(model.includes('titan') ? 3 : undefined);
  });

  test('too few, too many or none are a failure', () => {
    for (const bodies of [[], [{}], [{ embedding: ['x'] }], [{ embeddings: [[1], [2]] }]]) {
      expect(refusalOf(() => readBedrockEmbeddings(bodies, 1)).code).toBe('upstream_failed');
    }
    expect(readBedrockEmbeddings([{ embeddings: [[1], [2]] }], 2).vectors).toEqual([[1], [2]]);
  });
});

describe('a call for embeddings', () => {
  const call = (more: Partial<EmbeddingsCall>): EmbeddingsCall => ({
    ...chatCall({}),
    facts: noFacts(),
    inputs: ['a', 'b'],
    encoding: 'float',
    body: {},
    foreign: ['user'],
    ...more,
  });
  const config = providerConfig({ kind: 'bedrock' });

  test('is translated both ways, and what only OpenAI knows is named', async () => {
    const requests = bedrockEmbeddings.toRequest(call({ dimensions: 512 }), TITAN2, config);
    expect(requests.map(({ dropped }) => dropped)).toEqual([['user'], ['user']]);
    const reply = bedrockEmbeddings.toReply(await asked(requests), call({}));
    expect(reply).toMatchObject({ type: 'vectors', tokens: 2 });
  });

  test('with token numbers is refused', () => {
    expect(refusalOf(() => bedrockEmbeddings.toRequest(call({ inputs: [[1, 2]] }), TITAN2, config))).toMatchObject({
      code: 'unsupported_content',
      param: 'input',
    });
  });
});

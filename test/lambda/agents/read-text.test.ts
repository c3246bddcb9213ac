import { expect, test } from '@jest/globals';
import { readText } from '../../../lambda/agents/read-text.ts';

const bodyOf = (...chunks: readonly (string | Buffer)[]) => ({
  async *[Symbol.asyncIterator]() {
    for (const chunk of chunks) yield Buffer.from(chunk as string);
  },
  destroy: () => {},
});

test('a text is whole, or none', async () => {
  const [a = 0, b = 0] = Buffer.from('ö');
  expect(await readText(bodyOf('a', Buffer.from([a]), Buffer.from([b])), 3)).toBe('aö');
  await expect(readText(bodyOf('{}', '  '), 3)).rejects.toMatchObject({ code: 'result_too_large' });
});

test('what is not UTF-8 is no text', async () => {
  await expect(readText(bodyOf(Buffer.from([0xff])), 3)).rejects.toMatchObject({ code: 'upstream_failed' });
});

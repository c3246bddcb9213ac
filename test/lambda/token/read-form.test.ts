import { describe, expect, test } from '@jest/globals';
import { readForm } from '../../../lambda/token/read-form.ts';

const posted = (body: string): Request =>
  new Request('https://agents.acme.com/oauth2/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });

const cpuMs = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** As many names as 64 KB hold. */
const MANY = Array.from({ length: 16_000 }, (_, i) => i.toString(36)).join('&');

describe('the form of a token request', () => {
  test('takes as long as its bytes, not as the square of its names, whoever sends it', async () => {
    // All of its names, looked up once, a hundred times over.
    const parsing = await cpuMs(() => {
      for (let i = 0; i < 100; i++) [...new URLSearchParams(MANY).keys()].map((name) => name.length);
    });
    const reading = await cpuMs(() => readForm(posted(MANY)));
    expect(reading).toBeLessThan(parsing);
  });

  test('has every parameter once, also where another has come between', async () => {
    await expect(readForm(posted('scope=a&grant_type=x&scope=b'))).rejects.toMatchObject({
      detail: { oauth: 'repeated-parameter' },
    });
    const form = await readForm(posted('audience=a&scope=b&audience=c'));
    expect(form.all('audience')).toEqual(['a', 'c']);
  });
});

import { expect, test } from '@jest/globals';
import { findName, mergeNames } from '../../../lambda/targets/merge-names.ts';
import { nameItems } from '../../../lambda/targets/named-items.ts';
import { exposedName } from '../../../lambda/targets/names.ts';

const inputSchema = { type: 'object' };
const listOf = (...names: readonly string[]) =>
  nameItems(
    'slack',
    names.map((name) => ({ name, inputSchema })),
    'always',
    'tools',
  );

test('G2: a tool that is called what a changed name becomes takes nothing over, whichever is listed first', () => {
  const exposed = exposedName('slack', 'send mail', 'always');
  const other = exposed.slice('slack__'.length);
  for (const names of [
    ['send mail', other],
    [other, 'send mail'],
  ]) {
    const list = listOf(...names, 'post');
    expect(mergeNames([list])).toMatchObject({
      items: [{ name: 'post' }],
      findings: [{ target: 'slack', reason: 'ambiguous name' }],
    });
    expect(() => findName([list], exposed)).toThrow('more than one server has this name');
  }
});

test('a name is found exactly, and one that is not there is not', () => {
  const list = listOf('b', 'a');
  expect(list.items.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(findName([list], 'slack__a')).toBe(list.items[0]);
  expect(findName([list], 'slack__A')).toBeUndefined();
});

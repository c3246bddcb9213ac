import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/** Every section of RFC 8693 that says something to whoever gives tokens. */
const SECTIONS = '1.1 2 2.1 2.1.1 2.2 2.2.1 2.2.2 2.3 3 4.1 4.2 4.3 4.4 5 6 7'.split(' ').map((one) => `§${one}`);
const SUITES = ['rfc8693', 'oauth'];

interface Row {
  readonly rfc: string;
  readonly section: string;
  readonly does: string;
  readonly tests: readonly string[];
}

const rows = (): readonly Row[] => {
  let rfc = '';
  return readFileSync('docs/rfc8693.md', 'utf8')
    .split('\n')
    .flatMap((line): Row[] => {
      rfc = /^## (RFC \d+)/.exec(line)?.[1] ?? rfc;
      const [, section = '', , , does = '', tests = ''] = line.split('|').map((cell) => cell.trim());
      if (!section.startsWith('§')) return [];
      return [{ rfc, section, does, tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, title = '']) => title) }];
    });
};

/** Titles as they are written, each with that of the `describe` around it. */
const titles = (): ReadonlyMap<string, string> => {
  const found = SUITES.flatMap((suite) => {
    let around = '';
    const lines = readFileSync(`test/lambda/token/${suite}.test.ts`, 'utf8').split('\n');
    return lines.flatMap((line): [string, string][] => {
      if (line.startsWith('});')) around = '';
      const [, call, , title = ''] = /^ *(describe|test(?:\.each\(\w+\))?|\]\))\((['"])(.*?)\2, /.exec(line) ?? [];
      if (call === 'describe') around = title;
      return call === undefined || call === 'describe' ? [] : [[title, `${around} › ${title}`]];
    });
  });
  return new Map(found);
};

/** Whether a title says that it is about this section; one without the number of an RFC is about 8693. */
const isAbout = (title: string, { rfc, section }: Row): boolean => {
  const number = section.slice(1).replaceAll('.', '\\.');
  return new RegExp(rfc === 'RFC 8693' ? `(?<!RFC \\d+ )§${number}(?!\\.?\\d)` : `${rfc} §${number}(?!\\.?\\d)`).test(
    title,
  );
};

test('the audit of RFC 8693 speaks of every section', () => {
  const spoken = rows().flatMap(({ rfc, section }) => (rfc === 'RFC 8693' ? [section] : []));
  expect([...new Set(spoken)]).toEqual(SECTIONS);
});

test('every row names a test of its section that is there, or says why none applies', () => {
  const known = titles();
  const wrong = rows().flatMap((row) => {
    const where = `${row.rfc} ${row.section}`;
    if (row.tests.length === 0) return row.does.startsWith('Not applicable, because ') ? [] : [`${where}: no test`];
    return row.tests
      .filter((title) => !isAbout(known.get(title) ?? '', row))
      .map((title) => `${where}: ${known.has(title) ? 'of another section' : 'no such test'}: ${title}`);
  });
  expect(wrong).toEqual([]);
});

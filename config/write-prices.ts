import { readFileSync, writeFileSync } from 'node:fs';
import type { CompiledPrice } from './compiled-prices.ts';
import { priceRows } from './price-rows.ts';
import { FALLBACK_IDS, listedProvider, PRICE_LIST_VERSION, type PriceFallback } from './prices.ts';

// tsx config/write-prices.ts 2026-11-20: the date is that of the copy, and is given so that the file is the same for
// whoever makes it. Models that the list has dropped since the last copy stay, at the last price that was known.

const [, , date = ''] = process.argv;
if (!/^\d{4}-\d{2}-\d{2}$/.test(date))
  throw new Error('give the date of the copy: tsx config/write-prices.ts 2026-11-20');

const file = new URL('./prices-fallback.json', import.meta.url);
const before: PriceFallback = JSON.parse(readFileSync(file, 'utf8'));

const rowsOf = (id: string): readonly CompiledPrice[] => {
  const provider = listedProvider(id);
  const listed = provider === undefined ? [] : priceRows(provider);
  const known = new Set(listed.flatMap(({ match }) => match));
  const dropped = (before.providers[id] ?? []).filter(({ match }) => !match.some((glob) => known.has(glob)));
  return [...listed, ...dropped];
};

/** One row a line: a change of price is a line of a diff. */
const providers = FALLBACK_IDS.map(
  (id) =>
    `    ${JSON.stringify(id)}: [\n${rowsOf(id)
      .map((row) => `      ${JSON.stringify(row)}`)
      .join(',\n')}\n    ]`,
);

const head = {
  source: `genai-prices ${PRICE_LIST_VERSION}`,
  date,
  licence: 'MIT, Copyright (c) Pydantic Services Inc. 2025 to present: @pydantic/genai-prices',
};
const lines = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
writeFileSync(file, `{\n${lines.join(',\n')},\n  "providers": {\n${providers.join(',\n')}\n  }\n}\n`);

import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Records, recordLine } from '../lambda/telemetry/record.ts';

export const RECORDS_FILE = '.gatehouse/records.jsonl';

/** Each record on standard output and, for whoever comes later, at the end of a file. */
export const localRecords = (file: string, print: (line: string) => void): Records & { close(): Promise<void> } => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const out = createWriteStream(file, { flags: 'a', mode: 0o600 });
  out.on('error', (error) =>
    print(JSON.stringify({ kind: 'warning', message: `records are not kept: ${error.message}` })),
  );
  return {
    write: (record) => {
      const line = recordLine(record);
      print(line);
      out.write(`${line}\n`);
    },
    close: () => new Promise((resolve) => out.end(resolve)),
  };
};

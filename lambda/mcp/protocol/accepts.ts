import { Refusal } from '../../core/refusal.ts';
import type { Era } from './versions.ts';

const takes = (accept: string, type: string): boolean =>
  accept.split(',').some((part) => {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const isOff = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return !isOff && (range === type || range === '*/*' || range === `${type.slice(0, type.indexOf('/'))}/*`);
  });

/**
 * Whether the client takes a stream. Both kinds have to be accepted by clients of 2025; later ones may take JSON alone and then
 * get no progress.
 *
 * Errors: `Refusal('not_acceptable')`.
 */
export const acceptsStream = (headers: Headers, era: Era): boolean => {
  const accept = headers.get('accept') ?? '*/*';
  const stream = takes(accept, 'text/event-stream');
  if (!takes(accept, 'application/json') || (era === 'legacy' && !stream)) throw new Refusal('not_acceptable');
  return stream;
};

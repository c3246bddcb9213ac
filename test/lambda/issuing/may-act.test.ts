import { expect, test } from '@jest/globals';
import { mayAct } from '../../../lambda/issuing/may-act.ts';

const HERE = 'https://people.acme.com';
const THERE = 'https://cluster.acme.com';
const actor = { sub: 'pod', iss: THERE, client_id: 'pod', zone: 'a', exp: 9 };

test.each([
  ['absent', undefined, 'nobody-named'],
  ['who acts', { sub: 'pod', iss: THERE }, 'named'],
  ['who acts, by more of its claims', { sub: 'pod', iss: THERE, zone: 'a', client_id: 'pod' }, 'named'],
  ['somebody of the same name at the issuer of the token', { sub: 'pod' }, 'another-named'],
  ['another', { sub: 'other', iss: THERE }, 'another-named'],
  ['anybody of an issuer', { iss: THERE }, 'another-named'],
  ['who acts, somewhere else', { sub: 'pod', iss: THERE, zone: 'b' }, 'another-named'],
  ['more than is known of who acts', { sub: 'pod', iss: THERE, email: 'a@b.c' }, 'another-named'],
  ['who acts, with a member that is no text', { sub: 'pod', iss: THERE, exp: 9 }, 'another-named'],
  ['who acts, with a member that every object has', { sub: 'pod', iss: THERE, constructor: 'x' }, 'another-named'],
  ['who acts, at no issuer', { sub: 'pod', iss: null }, 'another-named'],
  ['nobody', {}, 'another-named'],
  ['a list', [{ sub: 'pod', iss: THERE }], 'unreadable'],
  ['a text', 'pod', 'unreadable'],
  ['null', null, 'unreadable'],
])('RFC 8693 §4.4: may_act that is %s', (_what, may_act, ruling) => {
  expect(mayAct(actor, { iss: HERE, sub: 'ada', ...(may_act === undefined ? {} : { may_act }) })).toBe(ruling);
});

test('RFC 8693 §4.4: without iss, sub is of the issuer of the token', () => {
  expect(mayAct(actor, { iss: THERE, may_act: { sub: 'pod' } })).toBe('named');
});

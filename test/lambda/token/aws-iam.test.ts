import { expect, test } from '@jest/globals';
import { compilePolicy } from '../../../config/compile.ts';
import { createVerifiers } from '../../../lambda/token/verifiers.ts';
import { load, SMALL } from '../../config/problems.ts';
import { createKey, goodClaims, NOW_MS, sign } from '../identity/issuer.ts';

const STS = 'https://0a1b2c.tokens.sts.global.api.aws';
const ROLE = 'arn:aws:iam::111122223333:role/deployer';

/** The verifier of a policy that takes web identity tokens of AWS IAM, and nothing more said of them. */
const verifierWith = async (alg: string, more = '') => {
  const key = await createKey('k', alg);
  const text = `${SMALL}tokens: { actorIssuers: { aws: { kind: aws-iam, issuer: "${STS}", audiences: [g], jwksUri: "${STS}/jwks"${more} } } }\n`;
  const verifiers = createVerifiers(compilePolicy(load(text).config), 'https://gateway.example', {
    fetchJson: async () => ({ keys: [key.jwk] }),
    clock: () => NOW_MS,
  });
  return async () => verifiers.actor(await sign(key, goodClaims(STS, { aud: 'g', sub: ROLE })));
};

test.each(['RS256', 'ES384'])('a workload of AWS IAM is known by a token that STS signed with %s', async (alg) => {
  const verify = await verifierWith(alg);
  expect(await verify()).toMatchObject({ issuerName: 'aws', principal: { sub: ROLE } });
});

test('by no other, unless the policy says so', async () => {
  await expect((await verifierWith('ES256'))()).rejects.toThrow();
  await expect((await verifierWith('ES384', ', algorithms: [RS256]'))()).rejects.toThrow();
  const verify = await verifierWith('ES256', ', algorithms: [ES256]');
  expect(await verify()).toMatchObject({ issuerName: 'aws' });
});

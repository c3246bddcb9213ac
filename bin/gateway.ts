import { readFileSync } from 'node:fs';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { compilePolicy } from '../config/compile.ts';
import { overDotEnv } from '../config/dot-env.ts';
import { ConfigError, loadGatewayConfig } from '../config/load.ts';

/** The same message, and the same end, as `npm start`: what is wrong in the file is for people, not a stack trace. */
const loadOrExit = (file: string) => {
  try {
    const { config, warnings } = loadGatewayConfig(readFileSync(file, 'utf8'), { file, env: overDotEnv(process.env) });
    for (const warning of warnings) console.error(warning);
    return config;
  } catch (thrown) {
    if (
      !(thrown instanceof ConfigError) &&
      !['ENOENT', 'EISDIR', 'EACCES'].includes(String((thrown as NodeJS.ErrnoException).code))
    )
      throw thrown;
    console.error((thrown as Error).message);
    process.exit(1);
  }
};

const app = new App();
const file: unknown = app.node.tryGetContext('config') ?? process.env.GATEHOUSE_CONFIG ?? 'gateway.yaml';
const config = compilePolicy(loadOrExit(String(file)));
for (const { name, issuer } of config.identity.providers) {
  // RFC 2606: nobody can sign in there. The shipped policy has one until the environment says otherwise.
  if (new URL(issuer).hostname.endsWith('.example'))
    console.error(`identity provider ${name} is ${issuer}: nobody has a token of it; set its issuer before you deploy`);
}

// After the policy: who has made a typo in it need not wait for these.
const [{ AwsSolutionsChecks }, { Gatehouse }] = await Promise.all([import('cdk-nag'), import('../lib/gatehouse.ts')]);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

// Without an account or a Region, so that synth needs neither. The name lets one account hold several gateways.
const stack = new Stack(app, 'Gatehouse', {
  stackName: config.name,
  description: 'Gatehouse: a governed gateway for AI agents',
});
new Gatehouse(stack, 'Gatehouse', { config });

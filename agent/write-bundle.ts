import { bundleAgent } from './bundle-agent.ts';

/** `npm run agent:bundle`: for the image, and for a look at what is in it. */
const directory = process.argv[2] ?? 'agent/dist';
const { outputs } = bundleAgent(directory);
for (const [file, { bytes }] of Object.entries(outputs)) console.log(`${file} ${Math.round(bytes / 1024)} KB`);

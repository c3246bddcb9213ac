import { anthropicSimulator } from './anthropic/anthropic-simulator.ts';
import { bedrockSimulator } from './bedrock/bedrock-simulator.ts';
import { geminiSimulator } from './gemini/gemini-simulator.ts';
import { openaiSimulator } from './openai/openai-simulator.ts';
import type { Simulator } from './simulator.ts';

const SIMULATORS = new Map<string, Simulator>([
  ['anthropic', anthropicSimulator],
  ['gemini', geminiSimulator],
  ['bedrock', bedrockSimulator],
]);

/** The simulator behind a mount. A name that is no other provider's is OpenAI-compatible. */
export const simulatorOf = (provider: string): Simulator => SIMULATORS.get(provider) ?? openaiSimulator;

// Stands for what the agent must not have: see bundle-agent.ts. CommonJS, so that any name may be imported from it.
module.exports = {};

type Json = Record<string, unknown>;

/** One event of Anthropic's stream, checked: its name is its type. */
const readEvents = (text: string): Json[] =>
  text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame) => {
      const [first = '', second = '', ...more] = frame.split('\n');
      const data = JSON.parse(second.replace(/^data: /, '')) as Json;
      if (first !== `event: ${String(data.type)}` || more.length > 0) throw new Error(`not a frame: ${frame}`);
      return data;
    });

/**
 * Reads a stream as strictly as a client may (R118) and gives the message it assembles to.
 *
 * Errors: a plain `Error` that says what stood where it may not.
 */
export const assembleAnthropic = (text: string): Json & { content: Json[] } => {
  const events = readEvents(text).filter(({ type }) => type !== 'ping');
  const [start, ...rest] = events;
  if (start?.type !== 'message_start') throw new Error(`begins with ${String(start?.type)}`);
  const message = start.message as Json;
  const content: (Json & { json?: string })[] = [];
  let open = false;
  let delta: Json | undefined;
  let stopped = false;
  for (const event of rest) {
    if (stopped) throw new Error('something after message_stop');
    const at = content.length - 1;
    switch (event.type) {
      case 'content_block_start':
        if (open || delta !== undefined || event.index !== content.length) throw new Error('a block out of order');
        content.push({ ...(event.content_block as Json) });
        open = true;
        break;
      case 'content_block_delta':
        if (!open || event.index !== at) throw new Error('a delta outside of its block');
        apply(content[at] ?? {}, event.delta as Json);
        break;
      case 'content_block_stop':
        if (!open || event.index !== at) throw new Error('a stop of what is not open');
        open = false;
        break;
      case 'message_delta':
        if (open || delta !== undefined) throw new Error('message_delta too early or twice');
        delta = { ...(event.delta as Json), usage: event.usage };
        break;
      case 'message_stop':
        if (delta === undefined) throw new Error('message_stop without message_delta');
        stopped = true;
        break;
      default:
        throw new Error(`unknown event ${String(event.type)}`);
    }
  }
  if (!stopped) throw new Error('no message_stop');
  return { ...message, ...delta, content: content.map(settled) };
};

const FITS: Record<string, string> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'thinking',
  input_json_delta: 'tool_use',
};

const apply = (block: Json & { json?: string }, delta: Json): void => {
  if (FITS[String(delta.type)] !== block.type) throw new Error(`${String(delta.type)} in ${String(block.type)}`);
  if (delta.type === 'text_delta') block.text = `${String(block.text)}${String(delta.text)}`;
  if (delta.type === 'thinking_delta') block.thinking = `${String(block.thinking)}${String(delta.thinking)}`;
  if (delta.type === 'signature_delta') block.signature = delta.signature;
  if (delta.type === 'input_json_delta') block.json = `${block.json ?? ''}${String(delta.partial_json)}`;
};

const settled = ({ json, ...block }: Json & { json?: string }): Json =>
  json === undefined ? block : { ...block, input: JSON.parse(json) };

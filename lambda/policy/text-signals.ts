import { phrases, type Signal } from './instruction-signals.ts';
import { toWords } from './words.ts';

/** Files whose contents open something, and the address where clouds hand out credentials. */
const SENSITIVE_PATHS = [
  '.ssh/',
  'id_rsa',
  'id_ed25519',
  'authorized_keys',
  '.aws/credentials',
  '.aws/config',
  '/etc/passwd',
  '/etc/shadow',
  '.env file',
  '/.env',
  '`.env`',
  ' .env ',
  '.npmrc',
  '.pypirc',
  '.netrc',
  '.pgpass',
  '.kube/config',
  '.docker/config',
  '.git-credentials',
  '.gnupg',
  'mcp.json',
  'claude_desktop_config',
  '.cursor/',
  '.config/gcloud',
  'wallet.dat',
  '.bash_history',
  '.zsh_history',
  '/proc/self/environ',
  '169.254.169.254',
  'login data',
  'secrets.yaml',
  'terraform.tfstate',
];

/** Turns of a conversation as models are trained on them. A text that holds one wants to be taken for one. */
const CHAT_MARKERS = [
  '<|im_start|>',
  '<|im_end|>',
  '<|system|>',
  '<|user|>',
  '<|assistant|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|start_header_id|>',
  '<start_of_turn>',
  '<end_of_turn>',
  '[inst]',
  '[/inst]',
  '<<sys>>',
  '<system-reminder>',
  '<system>',
  '</system>',
  '<function_calls>',
  '<tool_result>',
  '</tool_result>',
  '\n\nhuman:',
  '\n\nassistant:',
  '\n### instruction:',
  '\n### system:',
  '<｜user｜>',
];

const SHOUTING_TAGS = [
  'important',
  'secret',
  'hidden',
  'override',
  'critical',
  'admin',
  'instruction',
  'directive',
  'internal',
  'priority',
];

const PADDING = /\S[^\S\n]{60}|\n(?:[^\S\n]{0,3}\n){9}/;
const COMMENT = /<!--\s{0,20}\S{1,40}\s{1,20}\S{1,40}\s{1,20}\S/;
const IMAGE_LINK = /!\[[^\]\n]{0,80}\]\(https?:[^)\s]{0,200}[{<$]/;

/** Languages without spaces: there is nothing to split into words. */
const UNSPACED_OVERRIDES =
  /(?:忽略|无视|無視|忘记|忘掉)[^。\n]{0,12}(?:指令|指示|提示|规则|說明|说明|命令)|(?:指示|命令|ルール)[^。\n]{0,8}無視|(?:지시|명령)[^.\n]{0,8}무시/;
const UNSPACED_SECRECY =
  /(?:不要|别|請勿|请勿)[^。\n]{0,4}(?:告诉|告訴|告知|透露)[^。\n]{0,6}(?:用户|使用者|用戶)|ユーザー[^。\n]{0,10}(?:伝えないで|知らせないで|言わないで)/;

/** What of a text, already without hidden characters, is said to the model. */
export const signalsIn = (text: string): ReadonlySet<Signal> => {
  const lower = text.toLowerCase();
  const found = new Set<Signal>(phrases.find(toWords(text, phrases.vocabulary)));
  if (SENSITIVE_PATHS.some((path) => lower.includes(path))) found.add('sensitive-path');
  if (lower.includes('<') && SHOUTING_TAGS.some((tag) => lower.includes(`<${tag}>`))) found.add('mark-up');
  if (COMMENT.test(text)) found.add('comment');
  if (IMAGE_LINK.test(text)) found.add('image-link');
  if (PADDING.test(text.trim())) found.add('pushed-away');
  if (UNSPACED_OVERRIDES.test(text)) found.add('override');
  if (UNSPACED_SECRECY.test(text)) found.add('secrecy');
  return found;
};

export const hasChatMarkers = (text: string): boolean => {
  const lower = text.toLowerCase();
  return CHAT_MARKERS.some((marker) => lower.includes(marker));
};

import { createPhraseFinder } from './phrases.ts';

const USER = 'user|human|operator|person|customer|anyone|anybody';
const PUT =
  'include|pass|put|append|add|provide|copy|paste|insert|attach|send|supply|write|fill|encode|place|dump|embed|forward|repeat|print|output|submit|prepend|store|save';
const TOOL = 'tool|tools|function|functions';
const MODEL = 'assistant|ai|llm|llms|model|agent|agents|assistants|claude|chatgpt|gpt|gemini|copilot';

/**
 * What instructions to a model consist of, by signal. One word is never a signal: descriptions of honest tools are full of
 * "IMPORTANT", "must" and "do not".
 */
const PHRASES = {
  override: [
    'ignore|disregard|forget|override|overrides|bypass|overlook|discard|neglect|ignoring|disregarding ~3 previous|prior|above|earlier|preceding|other|existing|all|any|your|system|original|former|safety ~3 instructions|instruction|directives|directive|guidelines|guardrails|prompts|constraints|safeguards|orders',
    'ignore|disregard|forget|override|bypass ~1 your|system|previous|prior|earlier|safety ~1 rules|prompt|policy|policies|training|programming|restrictions',
    'ignore|disregard|forget ~2 everything|anything|all|whatever ~4 told|said|instructed|above|before|previously|learned|asked',
    'instructions|rules|guidelines|orders|policies ~4 no longer|longer ~2 apply|valid|count|hold',
    'instructions|guidance|text|directives|notes|this ~6 supersede|supersedes|override|overrides|replace|replaces|outrank|outranks ~5 system|user|users|earlier|previous|prior|other ~2 prompt|instructions|request|requests|message|messages|directives|preferences',
    'takes|take|has|have ~1 precedence|priority ~1 over ~5 instructions|prompt|request|user|users|guidelines|policy|policies',
    'ignoriere|vergiss|missachte ~4 anweisungen|anweisung|regeln|vorgaben',
    'ignorez|ignore|oubliez|oublie ~4 instructions|consignes',
    'ignora|ignore|olvida|olvide ~4 instrucciones|reglas|ordenes|órdenes',
    'ignora|dimentica ~4 istruzioni|regole',
    'ignore|esqueça|esqueca ~4 instruções|instrucoes|regras',
    'игнорируй|игнорируйте|забудь ~4 инструкции|указания|правила',
  ],
  secrecy: [
    `dont|never|avoid|without|nor|refrain ~1 tell|telling|inform|informing|alert|alerting|advise|bother|trouble ~2 ${USER}|them|him|her`,
    `dont|never|without|avoid|refrain|nor ~1 mention|mentioning|reveal|revealing|disclose|disclosing|discuss|discussing|show|showing|display|expose|explain|explaining|report|reporting|acknowledge|admit|describe ~1 this|that|it|these|any|having|doing|what|how|why ~8 ${USER}|response|answer|reply|summary|output|transcript|conversation|chat`,
    'dont|never|without|avoid ~1 mention|mentioning|reveal|disclose|discuss|acknowledge ~2 this|these|instruction|instructions|step|note|directive|parameter ~1 instruction|instructions|step|note|directive|rule|parameter|requirement',
    `${USER} ~3 dont|never|not|neednt ~3 know|notice|learn|aware|realize|realise|suspect|informed|told`,
    `hide|conceal|keep|hidden|concealed|secret ~4 from ~2 ${USER}|users`,
    'keep ~2 this|it|that|these ~3 secret|confidential|quiet|hidden|private ~4 tool|instruction|instructions|step|between|yourself',
    `invisible|unseen|unnoticed ~2 to|by ~1 ${USER}|users`,
    `no|neednt ~1 need|reason ~1 tell|inform|alert|bother|trouble ~2 ${USER}`,
    `not ~1 telling|informing|alerting ~2 ${USER}`,
    `dont|never|avoid|refrain ~1 mention|reveal|disclose|show|explain|report|admit|say ~1 to ~1 ${USER}|users ~1 that|this|it|what|how|why`,
    'keep ~3 to yourself',
    `sag|sage|verrate|erzähle|nenne ~3 benutzer|nutzer|anwender ~4 nicht|nichts`,
    `dites|dis|mentionnez|parlez ~3 pas|rien ~4 utilisateur|lutilisateur`,
    `no ~2 digas|diga|menciones|informes|reveles ~4 usuario`,
  ],
  stealth: [
    'silently|secretly|covertly|discreetly|quietly|invisibly|stealthily ~3 send|include|add|append|copy|forward|read|call|invoke|attach|upload|pass|bcc|transmit|collect|run|execute|fetch|open|store|record|post|perform|do|repeat|insert|replace|change',
    'send|include|add|append|copy|forward|read|call|attach|upload|pass|transmit|collect|execute|do ~5 silently|secretly|covertly|discreetly|invisibly',
    'in ~1 background ~4 send|forward|upload|transmit|copy|read|collect',
  ],
  'no-consent': [
    'without ~2 asking|confirming|permission|confirmation|approval|consent|knowledge|mentioning|notifying|warning|prompting|review',
    'skip|bypass|disable|omit|suppress ~3 confirmation|approval|consent|permission|verification|warnings|review|prompt|guardrails|guardrail',
    `no ~2 need ~2 ask|confirm|tell|inform|mention`,
    `dont ~1 ask|notify|wait|request ~4 ${USER}|users|confirmation|permission|approval|consent`,
  ],
  'claimed-consent': [
    `${USER}|users|admin|administrator|owner|security|operations ~4 already|previously|preapproved ~2 approved|agreed|consented|authorized|authorised|confirmed|granted|accepted|preapproved|signed`,
    'pre approved ~3 by|action|actions|request|all',
    'permission|consent|approval ~3 already|implicitly ~2 implied|granted|given|assumed|obtained',
    'treat|consider|regard|count ~6 as ~2 approval|consent|permission|approved|authorized|authorised|confirmed|confirmation',
  ],
  'takes-conversation': [
    `${PUT}|summarize|quote|transcribe|share ~6 entire|full|whole|complete|previous|all|prior|recent|verbatim|last|preceding|earlier ~3 conversation|chat|dialogue|transcript|messages|discussion|turns|exchange`,
    `${PUT}|summarize|quote|transcribe|share ~4 conversation|chat|message|dialogue ~1 history|log|transcript|verbatim`,
    `${PUT}|summarize ~4 everything ~3 user|human|customer|they ~2 said|wrote|typed|asked|told|shared|says`,
    `everything|all|anything ~3 user|human|customer ~2 said|wrote|typed|told|shared|says|types|writes`,
  ],
  'takes-instructions': [
    `${PUT}|reveal|quote|share|disclose|leak|recite|summarize|report ~5 system|initial|original|hidden|developer ~1 prompt|prompts|instructions|message|messages`,
    `${PUT}|reveal|quote|share|disclose|leak|recite|summarize|report|list ~3 your ~2 instructions|prompt|prompts|context|memory|rules|configuration|reasoning|tools`,
  ],
  'takes-secrets': [
    `${PUT}|read|fetch|collect|gather|find|harvest|share|upload|reveal|leak|look|locate|retrieve|exfiltrate|report|extract|list|include ~6 api|private|ssh|secret|access|signing|encryption|session|auth|bearer|recovery|seed|refresh ~1 key|keys|token|tokens|cookie|cookies|phrase|phrases|codes`,
    `${PUT}|read|fetch|collect|gather|find|harvest|share|upload|reveal|leak|look|locate|retrieve|exfiltrate|extract|list ~6 password|passwords|credentials|credential|secrets|cookies|passphrase`,
    `${PUT}|read|fetch|collect|gather|list|share|upload|dump ~4 environment|env ~1 variables|vars|variable|file`,
  ],
  'through-argument': [
    `${PUT} ~8 contents|content|output|result|value|text|data|file|it|everything|whatever|what|them|key|token|password|transcript|history|conversation|prompt ~6 as|in|into|to|inside|within|under|via|through|using ~4 parameter|argument|field|param|input|sidenote|note|notes|context|header|comment|metadata|tag|tags|description`,
  ],
  redirect: [
    'bcc|cc|forward|copy|duplicate|mirror|relay ~5 every|all|each|any|outgoing ~3 message|email|mail|messages|emails|request|requests|data|result|results|file|files|reply|replies|payment|invoice|invoices|prompt|prompts',
    'always|also|additionally|must|first|then|quietly ~2 bcc|cc|forward|mirror|exfiltrate|relay ~6 to|at',
    'send|sent|forward|forwarded|upload|uploaded|transmit|leak|exfiltrate|deliver|mirror|relay|copy ~8 http|https',
    `send|forward|upload|transmit|report|leak|exfiltrate|deliver|mirror|relay|copy|email|mail ~6 copy|contents|conversation|transcript|history|keys|credentials|secrets|everything|prompt|password|passwords ~3 to`,
    'replace|change|rewrite|substitute|alter|swap|redirect|overwrite ~4 recipient|recipients|account|destination|beneficiary|iban|payee|wallet ~3 to|with|by|for',
    'always|also|additionally ~2 bcc|cc',
  ],
  'despite-user': [
    'regardless|irrespective|no ~3 of|matter ~2 what|which|whom|who ~5 user|users|requested|asked|specified|says|said|named|typed',
  ],
  precedence: [
    `before|prior|whenever|until|unless ~5 using|calling|invoking|use|call|running|executing|used|called ~2 any|other|every|all|another|each|different ~3 tool|tools !server|toolset|integration|connector|workspace`,
    `before|prior|ahead ~2 any|every|all|each ~1 other ~2 ${TOOL} !server|toolset|integration|connector|workspace`,
    `before|prior|after ~2 any|other|every|all|another|each ~2 ${TOOL} ~1 call|calls|use|invocation|is|are|execution|runs !server|toolset|integration|connector`,
    `all|any|every|other|remaining ~3 ${TOOL} ~5 deprecated|disabled|broken|unsafe|forbidden|obsolete|insecure|untrusted|compromised|retired|blocked|unreliable`,
    `dont|never|stop|avoid|refuse ~2 use|call|using|calling|invoke|invoking|trust ~2 any|other|another|all ~3 ${TOOL}`,
    `instead|rather|place ~1 of|than ~2 any|all|every|other ~2 ${TOOL}`,
    'every|each|any|all ~2 tool ~1 call|calls|invocation|invocations|result|results|output|outputs ~6 must|should|through|via|first|dont|passed|routed|include',
  ],
  'first-always': [
    'always|must|required|mandatory ~3 call|use|invoke|run|called|used|invoked ~2 this|first ~3 first|tool|function|before|it',
    'at|in|on|for ~1 start|beginning|end|every|each ~3 conversation|session|turn|reply|response|message|request|answer',
    'from now on',
    'for|in|throughout ~1 rest|remainder ~3 conversation|session|chat',
  ],
  'new-role': [
    'you are|were now',
    'you ~2 no longer ~4 bound|restricted|assistant|limited|constrained|required',
    'enter|enable|activate|switch|enabled|activated ~4 developer|god|unrestricted|dan|jailbreak|admin|maintenance|debug ~1 mode',
    'your ~2 new|real|true|actual|only|primary ~1 task|goal|role|purpose|objective|instructions|job|mission|identity',
    'new|updated|revised|real ~1 instructions|orders|directives ~2 follow|are|below|from|for|begin',
    `stop ~2 being|acting ~3 assistant`,
  ],
  'speaks-to-model': [
    `${MODEL} ~1 must|should|shall|needs|has|dont|reading|processing|seeing|using|calling`,
    `attention|note|notice|message|memo|instruction|instructions|directive|directives|reminder|important|important ~1 to|for ~3 ${MODEL}`,
    `as ~1 an|a|the ~2 ai|llm|assistant|model ~3 you`,
    'if ~1 you|youre ~2 are|an|the|a ~2 ai|llm|assistant|model|agent',
    'system ~1 override|notice|directive|instruction|instructions|alert',
    'hidden|secret|internal|confidential|private ~1 instruction|instructions|directive|directives|protocol',
    `dear|hello|hey|hi ~1 ${MODEL}`,
  ],
  coercion: [
    'otherwise|or|else ~5 fail|fails|break|crash|lose|lost|fired|terminated|penalized|locked|suspended|banned|die|rejected|corrupted|reject|refuse',
    'required|necessary|mandatory|needed|legally ~3 for|by ~3 compliance|authentication|security|auditing|audit|validation|verification|telemetry|debugging|law|policy|legal|routing|caching|bookkeeping|diagnostics',
    'failure|failing ~2 to ~8 result|results|cause|causes|lead|leads|means',
    'this is|isnt ~2 emergency|urgent|critical|test|drill',
  ],
} as const satisfies Record<string, readonly string[]>;

type PhraseSignal = keyof typeof PHRASES;
export type Signal =
  | PhraseSignal
  | 'sensitive-path'
  | 'mark-up'
  | 'comment'
  | 'image-link'
  | 'pushed-away'
  | 'asks-for-more';

/** Three are worth a look, five are an attack unless somebody can explain them. */
export const WEIGHTS: Readonly<Record<Signal, number>> = {
  override: 5,
  secrecy: 5,
  precedence: 5,
  stealth: 3,
  'takes-instructions': 3,
  'claimed-consent': 3,
  'new-role': 3,
  redirect: 2,
  'despite-user': 2,
  'takes-conversation': 2,
  'takes-secrets': 2,
  'no-consent': 2,
  'sensitive-path': 2,
  'mark-up': 2,
  'pushed-away': 2,
  'image-link': 2,
  'first-always': 1,
  'through-argument': 1,
  'speaks-to-model': 1,
  coercion: 1,
  comment: 1,
  'asks-for-more': 1,
};

export const phrases = createPhraseFinder<PhraseSignal>(PHRASES);

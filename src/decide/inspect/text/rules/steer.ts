import type { RuleFamily } from './rule.ts'

/**
 * What steers a reader and is ordinary all the same: a role, a form of answer, a word about rules. It counts nothing by
 * itself; in a prompt it lets the model's opinion of the whole count in full.
 */
export const STEER: RuleFamily = {
  family: 'steer',
  words: [
    {
      id: 'role',
      reason: 'gives the reader a role',
      weight: 0.3,
      say: [
        'ACT 2 as|like|being|you|role|game|a|an|that|to',
        'you are 1 NOW|a|an|the|my|going|no|in',
        'you 2 are|will|become 3 AI|character|model|persona|program|machine',
        'from NOW 1 you|on|onwards',
        'du bist|stell|spiel|tu|fungieren',
        'jetzt bist|du',
        'bist du',
        'be 1 a|an|my',
        'persona|character|roleplay|dan|gpt',
        'imagine|pretend|simulate|suppose|hypothetically|hypothetical|fictional|fiction|story|screenplay|movie|film|scene|game',
      ],
    },
    {
      id: 'form',
      reason: 'shapes the answer',
      weight: 0.3,
      say: [
        'RESPOND 3 ONLY|WITH|as|like|in|to|that|this|PWNED',
        'say|write|output|print|repeat 4 that|this|after|following|word|words|text|exactly|is|hate|hates|yes|no',
        'repeat|recite|summarize|translate',
        'YOUR 2 RESPONSE|answers',
        'NOT 2 RESPOND|ask|mention|explain|refuse',
        'include|begin|start 3 WITH|that|you',
        'schreibe|schreib|sage|sag|antworte|beantworte|formuliere|zeige|generieren|generiere',
        'do not|dont',
        'stop|attention|achtung|stopp|important|now',
      ],
    },
    {
      id: 'rules',
      reason: 'speaks of the reader’s rules or text',
      weight: 0.3,
      say: [
        'YOUR|these|those|my|the|system|all|any|no|new 2 INSTR|GUARD|LIMITS|SAFETY|training|programming|developers',
        'IGNORE_HARD|forget|bypass|override|vergiss|vergessen|disregarding|despite|regardless|without|unless',
        'PROMPT_HARD|instructions|openai|chatgpt|dan|jailbreak|unrestricted|mode',
        'PRIOR_HARD 2 SAID|INSTR|aufgaben|task|tasks|informationen|text',
        'NEW_HARD|another|next|weitere|neue 2 task|tasks|challenge|aufgabe|aufgaben|herausforderung|goal|objective',
        'in this|our conversation|session|chat',
        'what 4 you 2 told|trained|instructed|given|know|remember',
        'trained|training|dataset|datasets|fine|parameters|context|configuration|version|memory|sources|guidelines',
      ],
    },
    {
      id: 'reach',
      reason: 'reaches for something guarded',
      weight: 0.3,
      say: [
        'SECRET|SECRETLY|confidential|sensitive|private|internal|personal|restricted|unauthorized|classified|credit|admin|administrator|root',
        'hack|hacker|hacking|exploit|malware|virus|ransomware|backdoor|rootkit|keylogger|phishing|weapon|bomb|drugs|illegal|harmful|steal|weapons|explosive|piracy|poison|meth|attack|ddos|injection|payload|vulnerability',
        'delete|drop|wipe|shutdown|kill 3 ALL|table|database|files|system',
        'run|execute|eval|exec|invoke|call|bypass|decode|decrypt|disable|send|upload|forward|leak|dump|expose|reveal|display|show|list|share',
        'base64|rot13|hex|encoded|cipher|reverse|reversed|backwards',
        'whoami|passwd|shadow|subprocess|popen|system|sudo|chmod|curl|wget|bash|sh|cmd|powershell|nc',
      ],
    },
  ],
  marks: [],
}

import type { RuleFamily } from './rule.ts'

/** What a text wants its reader to do with its tools and its answer. */
export const EXFILTRATION: RuleFamily = {
  family: 'exfiltration',
  words: [
    {
      id: 'secret-out',
      reason: 'wants a secret sent somewhere',
      weight: 0.65,
      isOrder: true,
      say: [
        'SEND 6 SECRET 4 to 6 SINK',
        'exfiltrate|exfil|bcc|leak 5 SECRET',
        'SEND 6 env|environment 4 to 6 SINK',
        'REVEAL_HARD|give|tell|show 2 me|us 3 SECRET',
        'reveal|leak|dump|expose|divulge|disclose 2 YOUR|ALL|the 2 SECRET',
        'SEND 8 private 1 key|keys 8 SINK',
        'SEND 5 api 1 key|keys 8 SINK',
        'reveal|leak|expose|send|share|dump 2 YOUR|ALL|the 2 api key|keys',
      ],
    },
    {
      id: 'secret-handled',
      reason: 'has something done with a secret that may send it away',
      weight: 0.5,
      isOrder: true,
      say: [
        'SEND_HARD 5 SECRET',
        'reveal|leak|dump|expose|divulge|disclose 4 SECRET',
        'reveal|leak|expose|send|share|dump 4 api key|keys',
      ],
    },
    {
      id: 'data-out',
      reason: 'wants what the reader knows sent somewhere',
      weight: 0.45,
      isOrder: true,
      say: [
        'SEND 5 DATA 4 to 5 SINK',
        'exfiltrate|exfil|leak|dump 4 DATA',
        'SEND 2 user|users|customer|YOUR 3 DATA 4 to',
        'SEND 4 to 2 attacker|evil|hacker',
        'forward|bcc|email 3 ALL 2 emails|email|messages|mail 6 to',
        'send 2 copy 6 to 4 SINK',
        'SEND 4 contents 4 to 5 SINK',
      ],
    },
    {
      id: 'secret-read',
      reason: 'wants a secret read',
      weight: 0.5,
      isOrder: true,
      say: [
        'read|cat|open|collect|gather|retrieve|find|extract|steal|search|harvest|get|fetch|access 5 SECRET 6 and|then 3 SEND|include|pass|put|append|REVEAL',
        'read|cat|open|collect|gather|retrieve|find|extract|steal|harvest|fetch|access 5 ssh|etc|env|aws 2 id|passwd|credentials|config|key|rsa 6 and|then|include|pass|as',
      ],
    },
  ],
  marks: [],
}

export const TOOL: RuleFamily = {
  family: 'tool-forcing',
  words: [
    {
      id: 'call-tool',
      reason: 'orders a tool to be called',
      weight: 0.35,
      isOrder: true,
      say: [
        'you MUST_HARD 2 CALL_HARD 5 TOOL',
        'IGNORE_HARD 10 CALL_HARD 4 TOOL',
        'NOW|immediately|instead CALL_HARD 5 TOOL',
        'CALL_HARD 3 following|this 2 command|commands|code|script|shell',
        'AI 2 MUST 2 CALL_HARD 4 TOOL',
      ],
    },
    {
      id: 'first-tool',
      reason: 'orders a step before every use of another tool',
      weight: 0.45,
      say: [
        'before 1 using|calling|invoking|doing|executing|running 4 MUST|CALL|read|call|first|send',
        'before 1 using|calling|invoking 3 tool|tools|function 6 read|send|call|access|pass|include',
        'always CALL 5 before|first|instead',
        'MUST_HARD 1 be 1 called 2 before|first',
      ],
    },
    {
      id: 'run-download',
      reason: 'orders something to be fetched and run',
      weight: 0.5,
      isOrder: true,
      say: [
        'DOWNLOAD 6 and|then 2 CALL_HARD 4 script|it|binary|file|payload',
        'CALL 5 rm rf',
        'delete|erase|wipe|destroy 2 ALL 2 user|your|their|the 2 files|data|database|records|emails|tables|backups',
      ],
    },
  ],
  marks: [],
}

export const OUTPUT: RuleFamily = {
  family: 'output-forcing',
  words: [
    {
      id: 'forced-words',
      reason: 'dictates the words of the answer',
      weight: 0.35,
      isOrder: true,
      say: [
        'respond|reply|answer ONLY 1 WITH',
        'RESPOND ONLY 4 and nothing',
        'begin|start|end|prefix|finish 2 YOUR|every|each|all|the 2 RESPONSE 2 WITH',
        'RESPOND 3 PWNED',
        'say|output|print|write|respond|reply|answer 3 i have been|am PWNED',
        'INSTR|IGNORE_HARD 10 RESPOND 2 ONLY',
        'IGNORE_HARD 10 instead 1 RESPOND',
        'IGNORE_HARD 12 RESPOND WITH',
        'RESPOND NOW 2 WITH',
        'every|each|all 2 RESPONSE 2 MUST 2 begin|start|end|include|contain',
      ],
    },
    {
      id: 'pwned',
      reason: 'wants a sign that the attack worked',
      weight: 0.5,
      say: [
        'i have been pwned|hacked|owned|compromised',
        'you have been pwned|hacked',
        'say|print|output|write|respond|reply 4 pwned|haha|hahaha|0wned',
        'i am 1 hacked|pwned|jailbroken|free',
        'injection successful|succeeded|complete',
      ],
    },
  ],
  marks: [],
}

export const DECODE: RuleFamily = {
  family: 'decode-and-follow',
  words: [
    {
      id: 'decode-and-follow',
      reason: 'wants something decoded and then followed',
      weight: 0.6,
      say: [
        'DECODE_HARD 10 and|then 3 CARRY|CALL_HARD|answer|respond|comply',
        'DECODE_HARD 8 follow|obey|execute',
        'follow|execute|obey 4 ENCODED 3 INSTR|message|text|command',
        'ENCODED 1 INSTR_HARD 4 CARRY',
        'CARRY 4 decoded|decrypted 2 INSTR|message|text|command|result|output|content',
        'translate 6 from 3 base64|rot13|hex|binary|morse 6 and|then 2 CARRY',
      ],
    },
    {
      id: 'decode',
      reason: 'wants something decoded',
      weight: 0.3,
      isOrder: true,
      say: [
        'DECODE_HARD 3 this|following|message|text|string|instruction|instructions 4 ENCODED|:',
        'DECODE_HARD 2 this',
      ],
    },
  ],
  marks: [],
}

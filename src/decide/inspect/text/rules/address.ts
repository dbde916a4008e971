import type { RuleFamily } from './rule.ts'

/** Speaking to a program that reads, with an authority it cannot check. */
export const AUTHORITY: RuleFamily = {
  family: 'authority',
  words: [
    {
      id: 'claimed-owner',
      reason: 'claims to be who made or runs the reader',
      weight: 0.4,
      say: [
        'i am 3 YOUR 1 OWNER',
        'i am 2 OWNER 2 of 2 AI|openai|anthropic',
        'this is 2 YOUR 1 OWNER',
        'IAM 2 from 1 openai|anthropic|deepmind',
        'as YOUR 1 developer|creator|administrator|admin|owner',
        'i am 2 admin|administrator|root|developer|sysadmin|ceo',
        'speaking as 3 OWNER',
        'on behalf of 2 openai|anthropic|developers',
        'OWNER 2 AUTHORIZED 3 you|this',
        'i have 2 root|admin|administrator|developer|authorized|full 1 access|privileges|clearance|override',
      ],
    },
    {
      id: 'system-message',
      reason: 'passes itself off as a message of the system',
      weight: 0.45,
      say: [
        'SYSTEM_HARD override|overrides',
        'admin|administrator|security|emergency|developer|root override 2 code|active|engaged|mode|command|protocol|authorized|accepted|enabled',
        'this is 2 OFFICIAL 2 SYSTEM_HARD|security 1 message|update|notice|override|instruction|command|alert',
        'OFFICIAL SYSTEM_HARD 1 message|update|notice|instruction|instructions|override|directive',
        'NEW SYSTEM_HARD 1 PROMPT|message|update|directive|policy',
        'begin|end|start|beginning 2 of 1 SYSTEM_HARD 1 PROMPT',
        'begin|end|start|beginning 2 of 2 user 1 input|prompt|query|message|instructions|data',
        'end of 2 document|context|email|prompt|instructions 3 NEW|INSTR_HARD|system|begin',
        'begin|start NEW 1 INSTR|session|task',
        'system 1 message|note|instruction|update 2 AI_HARD',
        'this overrides 3 ALL|PRIOR',
      ],
    },
    {
      id: 'pre-authorised',
      reason: 'says that the owner already said yes',
      weight: 0.35,
      say: [
        'user 2 has|have 2 already|explicitly|previously|pre 1 AUTHORIZED',
        'user 2 AUTHORIZED 3 action|this|request|access|transfer',
        'this 1 action|request|operation|transfer 2 AUTHORIZED 2 by',
        'no 2 confirmation 2 is|needed|required|necessary',
        'has been pre AUTHORIZED',
      ],
    },
  ],
  marks: [],
}

export const ADDRESSED: RuleFamily = {
  family: 'addressed-to-ai',
  words: [
    {
      id: 'note-to-ai',
      reason: 'speaks to an AI that reads the text',
      weight: 0.4,
      say: [
        'ATTENTION 2 to|for 3 AI_HARD',
        'ATTENTION 2 AI_HARD 1 assistant|model|agent|system|reading|processing',
        'to 2 AI_HARD 2 READING',
        'AI 2 READING 2 this|these|the',
        'AI_HARD 3 processing|summarizing|reading|parsing 2 this',
        'if you are 3 AI_HARD|language',
        'if you are 2 READING 2 this',
        'language model 2 READING',
        'instruction|instructions for 3 AI_HARD',
        'attention AI',
        'AI_HARD AI 1 MUST',
      ],
    },
    {
      id: 'ai-must',
      reason: 'tells an AI what it must do',
      weight: 0.4,
      say: [
        'AI_HARD 2 MUST_HARD 2 CALL|SEND|CARRY|include|respond|output|IGNORE',
        'AI_HARD 1 MUST 2 IGNORE_HARD|SEND_HARD|override|comply|obey',
        'as 1 AI_HARD 3 you MUST',
        'when|while 1 summarizing|summarising|translating|reviewing 4 include|append|insert|say|mention|recommend',
      ],
    },
  ],
  marks: [],
}

export const HIDE: RuleFamily = {
  family: 'hide',
  words: [
    {
      id: 'from-user',
      reason: 'wants something kept from the user',
      weight: 0.55,
      isNegated: true,
      say: [
        'NOT_VERB 1 TELLVERB 4 USER_ONE',
        'NOT_VERB 2 TELLVERB 2 this|these|that|it 3 USER',
        'NOT_VERB 1 TELLVERB 2 this|these 1 instruction|instructions|message|step|action|note|tool|fact',
        'without 1 telling|informing|notifying|alerting|asking|mentioning|warning 3 USER',
        'without 2 USER_ONE 2 knowing|noticing|knowledge|consent|awareness|permission',
        'keep|kept 2 this|it|that 2 secret|hidden|confidential|between',
        'hide 3 from 2 USER',
        'user|human|owner 1 must|should|shall NOT 2 know|see|notice|find|learn|realize',
        'so 2 user 2 NOT 2 notice|know|see',
        'NOT|never 3 REVEAL|TELLVERB 4 this|these 1 INSTR',
        'make no mention|reference',
      ],
    },
    {
      id: 'no-confirmation',
      reason: 'wants something done without asking',
      weight: 0.35,
      isNegated: true,
      say: [
        'NOT_VERB 1 ask 3 confirmation|permission|approval|confirm',
        'without 2 asking|requesting|seeking 2 CONFIRM|user',
        'without 1 confirmation|approval|consent 2 from 2 USER_ONE',
        'without user|users CONFIRM',
      ],
    },
    {
      id: 'secretly',
      reason: 'wants something done unseen',
      weight: 0.4,
      say: [
        'SECRETLY 2 SEND|CALL|CARRY|REVEAL|DISABLE|copy|collect|record|read|add|include|delete',
        'SEND|CALL|CARRY 6 SECRETLY',
      ],
    },
  ],
  marks: [],
}

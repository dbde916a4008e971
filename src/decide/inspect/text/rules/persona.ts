import type { RuleFamily } from './rule.ts'

/** Being somebody else, one without rules. A role alone is an ordinary wish; a role without rules is not. */
export const ROLE: RuleFamily = {
  family: 'role',
  words: [
    {
      id: 'you-are-now',
      reason: 'tells the reader that it is somebody else from now on',
      weight: 0.3,
      say: [
        'you are NOW 1 a|an|the|my|no|going|in|called|named|free|to',
        'from NOW 1 you 2 are|will|act|must|shall|have|respond|answer|speak',
        'youre NOW 1 a|an|my',
      ],
    },
    {
      id: 'not-an-assistant',
      reason: 'tells the reader that it is no assistant any more',
      weight: 0.5,
      say: [
        'you are no LONGER 3 AI|bound|a|an|chatgpt',
        'you are not 2 AI_HARD 1 anymore|but|now',
        'you are not 2 chatgpt|claude|gemini|gpt',
        'stop 1 being|acting 3 AI_HARD',
      ],
    },
    {
      id: 'special-mode',
      reason: 'asks for a mode with other rules',
      weight: 0.6,
      say: [
        'ENABLE 3 HARD_MODE 1 MODE',
        'HARD_MODE MODE 2 ENABLE|on|activated',
        'in|with HARD_MODE MODE',
        'you 1 are|in|have 3 POWER_MODE MODE',
        'ACT 4 POWER_MODE MODE',
        'with POWER_MODE MODE enabled|activated|on',
        'ENABLE YOUR 2 POWER_MODE MODE',
        'AI_HARD 3 POWER_MODE MODE',
        'ENABLE 2 dan|jailbroken|unfiltered|uncensored',
        'enter|entering POWER_MODE MODE 2 you|your|now',
      ],
    },
    {
      id: 'developer-mode',
      reason: 'asks for a mode with other rules',
      weight: 0.35,
      say: [
        'POWER_MODE MODE 2 enabled|activated|engaged',
        'ENABLE 2 developer|admin|debug|god|override MODE',
      ],
    },
    {
      id: 'harmful-role',
      reason: 'asks for a role made for harm',
      weight: 0.4,
      say: [
        'ACT 3 hacker|keylogger|backdoor|rootkit|virus|malware|criminal|terrorist|scammer',
        'ACT 4 system administrator',
        'you are NOW 2 hacker|root|admin',
        'assume 3 role 3 administrator',
      ],
    },
    {
      id: 'dan',
      reason: 'a persona made to do anything',
      weight: 0.7,
      say: [
        'do anything now',
        'ACT 3 dan',
        'you are 3 dan',
        'stay 2 dan',
        'ACT 4 do anything now',
        'dan 2 do anything',
        'be dan',
      ],
    },
    {
      id: 'as-power',
      reason: 'tells the reader to act with rights it was not given',
      weight: 0.55,
      isOrder: true,
      say: [
        'ACT 2 as 2 root|superuser|sysadmin',
        'grant 1 me|yourself 3 root|admin|administrator',
        'you 1 have 3 root|admin|unrestricted 2 access|privileges|rights|permissions',
        'you 2 have|with unrestricted 1 access',
      ],
    },
  ],
  marks: [],
}

export const FREE_PERSONA: RuleFamily = {
  family: 'no-restriction',
  words: [
    {
      id: 'free-persona',
      reason: 'asks for a persona without rules',
      weight: 0.65,
      say: [
        'ACT 6 FREE',
        'you are 4 FREE',
        'FREE 2 AI_HARD',
        'ACT 8 FREE_OF 3 LIMITS',
        'AI_HARD 6 FREE_OF 3 LIMITS',
        'you 3 FREE_OF 2 ALL 2 LIMITS',
        'you 3 have|has no 3 LIMITS',
        'NOT 2 BOUND 5 LIMITS|openai',
        'you 2 no LONGER 2 BOUND',
        'unbound|freed|liberated 3 LIMITS',
        'free of|from 2 ALL|ethical|moral|openai 2 LIMITS',
        'without 1 ALL 1 ethical|moral|restrictions|censorship|filters',
        'no moral|ethical 2 or|and',
        'you 2 can|will 2 say|generate anything',
        'has|have no 1 LIMITS or|and 1 LIMITS',
        'broken free',
        'no ethical|moral 2 LIMITS',
        'without 1 LIMITS or|and 1 LIMITS',
        'no LIMITS no 1 LIMITS',
      ],
    },
    {
      id: 'any-content',
      reason: 'asks for content whatever it is',
      weight: 0.45,
      say: [
        'regardless 2 of 3 ethics|ethical|legality|legal|morality|moral|consequences|harm|harmful|safety|policy',
        'even if 5 harmful|illegal|unethical|immoral|dangerous|offensive|inappropriate',
        'no matter how 3 illegal|unethical|harmful|immoral|offensive|dangerous',
        'does not care 3 legal|ethical|moral|law|rules',
        'illegal 2 unethical|immoral|harmful|dangerous',
        'unethical 2 illegal|immoral|harmful|dangerous|amoral',
        'immoral 2 unethical|illegal',
      ],
    },
  ],
  marks: [],
}

export const REFUSAL: RuleFamily = {
  family: 'refusal',
  words: [
    {
      id: 'never-refuse',
      reason: 'forbids the reader to refuse',
      weight: 0.5,
      isNegated: true,
      say: [
        'you 3 NOT 2 REFUSE',
        'never 1 REFUSE',
        'NOT_VERB 2 REFUSE 5 request|answer|anything|question|prompt|comply|me|any|my',
        'NOT 3 say 3 cannot|cant|sorry|unable',
        'never 2 say 2 no|sorry|cannot|cant|that',
        'cannot|cant 2 REFUSE|deny',
        'without 2 refusing|refusal|hesitation',
        'NOT 3 include|add|give|use 4 REFUSAL',
        'NOT|never 2 apologize|apologise',
        'NOT 2 mention|say|state|tell|remind 4 that you are|is 2 AI',
        'NOT|no|without 2 refusals|refusal',
        'never 2 break character|role',
        'stay in character 3 NOT|no|even|always',
      ],
    },
    {
      id: 'no-warnings',
      reason: 'forbids the reader to warn',
      weight: 0.3,
      isNegated: true,
      say: [
        'NOT|no|without 2 disclaimers|disclaimer|caveats|moralizing|lecture|lectures',
        'without|no 1 warnings|warning 2 or|and',
        'NOT 3 moral|ethical 2 NOT|or|and',
      ],
    },
    {
      id: 'must-comply',
      reason: 'orders the reader to comply with whatever is asked',
      weight: 0.45,
      say: [
        'you MUST 2 comply|obey',
        'comply|obey 3 ALL|every|any 3 request|requests|command|commands|orders|instructions|my',
        'always 1 comply|obey|answer 2 everything|anything|without',
        'answer|respond 3 any|every|all 2 question|questions|request|prompt 3 without|regardless|no',
      ],
    },
  ],
  marks: [],
}

import type { RuleFamily } from './rule.ts'

/** Getting out what the reader was told in confidence. */
export const REVEAL: RuleFamily = {
  family: 'prompt-extraction',
  words: [
    {
      id: 'system-prompt',
      reason: 'asks for the system prompt',
      weight: 0.65,
      say: [
        'REVEAL 4 YOUR 3 SYSTEM_HARD 1 PROMPT',
        'REVEAL_HARD 5 SYSTEM_HARD PROMPT_HARD',
        'ASK_WHAT 2 YOUR 2 SYSTEM 1 PROMPT',
        'ASK_WHAT 3 SYSTEM_HARD 1 PROMPT_HARD',
        'YOUR 2 SYSTEM_HARD PROMPT_HARD',
        'REVEAL 4 YOUR 2 initial|original|internal|base|developer|preset|core 2 PROMPT|INSTR',
        'REVEAL 5 SYSTEM_HARD 1 INSTR_HARD',
      ],
    },
    {
      id: 'a-system-prompt',
      reason: 'asks for something that may be the system prompt',
      weight: 0.56,
      say: [
        'REVEAL 3 SYSTEM_HARD 1 PROMPT_HARD',
        'REVEAL_HARD 5 SYSTEM_HARD 2 PROMPT',
        'REVEAL 3 PROMPT_HARD 1 SYSTEM_HARD',
      ],
    },
    {
      id: 'own-instructions',
      reason: 'asks the reader for its own instructions',
      weight: 0.5,
      say: [
        'REVEAL 2 YOUR 2 INSTR',
        'REVEAL 4 INSTR 2 you 2 were|are|have|got|received',
        'ASK_WHAT 2 YOUR 3 INSTR_HARD',
        'ASK_WHAT 3 INSTR 2 you 2 given|told|have|got|receive|following',
        'ASK_WHAT 2 you 1 told|instructed',
        'REVEAL_HARD 3 YOUR 3 PROMPT|GUARD|rules',
      ],
    },
    {
      id: 'text-above',
      reason: 'asks for the text before this one',
      weight: 0.55,
      isOrder: true,
      say: [
        'REVEAL_HARD 3 SAID|INSTR|words|word|sentences|lines|paragraph|paragraphs 1 PRIOR_HARD',
        'REVEAL_HARD 2 everything 3 PRIOR_HARD',
        'REVEAL_HARD 3 PRIOR_HARD 1 PROMPT|INSTR|text|texts|message|conversation|paragraphs|sentences',
        'REVEAL 5 YOUR 1 first|previous 1 prompt|message|instruction|instructions',
        'REVEAL 4 beginning 2 conversation|prompt|chat',
        'what 3 sentences|words|text|message 2 before|above',
        'starting with 2 you are',
      ],
    },
    {
      id: 'verbatim',
      reason: 'asks for instructions word for word',
      weight: 0.55,
      say: ['REVEAL 5 INSTR_HARD 4 VERBATIM', 'INSTR_HARD 3 word for word', 'REVEAL 3 VERBATIM 4 INSTR_HARD'],
    },
  ],
  marks: [],
}

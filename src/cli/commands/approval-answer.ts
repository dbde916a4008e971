import type { InputOf } from '../../api/endpoints.ts'
import { HOLE_KINDS, QUESTION_CHOICES, type QuestionAnswer } from '../../api/approvals.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import {
  argument,
  choiceArgument,
  durationOption,
  flag,
  integerOption,
  manyOption,
  option,
} from '../param.ts'
import { SecretInput } from '../secret-input.ts'
import { approvalDoor, AS_OPTION } from './approval-door.ts'
import { questionText } from './question-text.ts'

export const approvalAnswer = command({
  name: 'approval answer',
  about: 'answer a question that waits for a person',
  details: [
    'once allows this one; session the same again until the agent is done; rule for good, as narrowly as warder approval show says, until it expires; deny refuses, and --note reaches whoever asked.',
    'What is dangerous is answered twice: the first yes shows it again with a word, and --word confirms. The first answer that arrives counts.',
    'A rule holds for these very programs, by what is in them, with these very arguments. --hole makes one argument a path below the workspace, a number, a hash or a word: --hole 1=number for the second argument, --hole 2.0=path for the first of the third program.',
  ],
  examples: [
    { run: 'warder approval answer 0198c2 once', does: 'this time' },
    { run: 'warder approval answer 0198c2 deny --note "use the test database"', does: 'a no with words' },
    { run: 'warder approval answer 0198c2 rule --hole 1=number --for 7d', does: 'for good, for a week' },
  ],
  args: { id: argument('the question'), say: choiceArgument('the answer', QUESTION_CHOICES) },
  options: {
    note: option('words to whoever asked', { value: 'WORDS' }),
    word: option('the word that confirms a dangerous yes'),
    hole: manyOption('an argument that may differ', { value: 'AT=KIND' }),
    below: flag('a rule: also in directories below this one'),
    for: durationOption('a rule: how long it holds (default 30d, at most 90d)'),
    as: AS_OPTION,
    fromFd: integerOption(
      'with --as: read the owner’s passphrase, which a dangerous yes needs, from this descriptor',
      0,
      1023,
    ),
  },
  exits: ['denied', 'missing', 'conflict', 'unavailable'],
  async run({ id, say, note, word, hole, below, for: forMs, as, fromFd }, context) {
    const { out } = context
    const passphrase = () => new SecretInput(context, fromFd).next('the owner’s passphrase')
    const door = await approvalDoor(context, as, passphrase)
    const shown = await door.show(id)
    const answered = await door.answer(shown, {
      say,
      ...(note === undefined ? {} : { note }),
      ...(word === undefined ? {} : { word }),
      ...(hole.length === 0 ? {} : { holes: hole.map(holeOf) }),
      ...(below ? { below } : {}),
      ...(forMs === undefined ? {} : { lasts: `${forMs}ms` }),
    })
    out.result(answered, resultText(answered, questionText(answered, out)))
    if (answered.state === 'agreed') {
      out.note(
        `look at it again, then: warder approval answer ${answered.id} ${say} --word ${answered.word ?? ''}${as === undefined ? '' : ` --as ${as}`}`,
      )
    }
  },
})

function resultText({ state, id, say, entry }: QuestionAnswer, text: string): string {
  if (state === 'agreed') return text
  return `${id}: ${say ?? state}${entry === undefined ? '' : `, recorded as entry ${entry}`}`
}

type HoleInput = NonNullable<InputOf<'approvalAnswer'>['holes']>[number]

/** `1=number` or, behind a shell, `2.0=path`: the segment, the argument in it. */
export function holeOf(text: string): HoleInput {
  const [, segment, argumentAt, kind] = /^(?:(\d{1,4})\.)?(\d{1,4})=([a-z]+)$/.exec(text) ?? []
  const hole = HOLE_KINDS.find((each) => each === kind)
  if (argumentAt !== undefined && hole !== undefined) {
    return { segment: Number(segment ?? 0), argument: Number(argumentAt), hole }
  }
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `${JSON.stringify(text)} names no hole`,
    fix: `write the argument's number and one of ${HOLE_KINDS.join(', ')}, such as 1=number`,
  })
}

import { nearest } from '../../core/nearest.ts'
import { command } from '../command.ts'
import { describeCommand, type Document } from '../document.ts'
import { CliError, CLI_ERRORS } from '../failure.ts'
import { ALL_COMMANDS, allCommands, nounHelp, overview, showHelp } from '../help.ts'
import { manyArguments } from '../param.ts'
import type { Registry } from '../command.ts'
import { TOPICS } from '../topics.ts'

export const help = command({
  name: 'help',
  about: 'explain a topic or a command',
  examples: [
    { run: 'warder help', does: 'what Warder can do, and the topics' },
    { run: 'warder help commands', does: 'every command, in a line each' },
    { run: 'warder help exit-codes', does: 'what the exit codes mean' },
    { run: 'warder help config explain', does: 'the same as warder config explain --help' },
  ],
  args: { topic: { ...manyArguments('a topic or a command', { completes: 'topic' }), required: false } },
  needsConfig: false,
  async run({ topic }, { out, registry }) {
    return showHelp(await find(topic.join(' '), registry), out)
  },
})

async function find(name: string, registry: Registry): Promise<Document> {
  if (name === '') return overview(registry)
  if (name === ALL_COMMANDS) return allCommands(registry)
  const describe = Object.hasOwn(TOPICS, name) ? TOPICS[name] : undefined
  if (describe !== undefined) return describe()
  const load = Object.hasOwn(registry, name) ? registry[name] : undefined
  if (load !== undefined) return describeCommand(await load())
  const names = Object.keys(registry)
  if (names.some((each) => each.startsWith(`${name} `))) return nounHelp(registry, name)
  const guess = nearest(name, [ALL_COMMANDS, ...Object.keys(TOPICS), ...names])
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `there is no topic or command "${name}"`,
    fix: guess === undefined ? 'see all of them: warder help commands' : `did you mean: warder help ${guess}`,
  })
}

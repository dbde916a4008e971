import { command, loadAll } from '../command.ts'
import { completionScript, SHELLS } from '../completion.ts'
import { choiceArgument } from '../param.ts'

export const completion = command({
  name: 'completion',
  about: "print a shell's completion script",
  examples: [
    { run: 'source <(warder completion bash)', does: 'completion in this bash' },
    {
      run: 'warder completion fish > ~/.config/fish/completions/warder.fish',
      does: 'in every fish from now on',
    },
  ],
  args: { shell: choiceArgument('the shell', SHELLS) },
  needsConfig: false,
  async run({ shell }, { out, registry }) {
    const script = completionScript(shell, await loadAll(registry))
    if (out.isJson) out.result({ shell, script }, script)
    else out.raw(script)
  },
})

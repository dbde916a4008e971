import { installedVersion } from '../platform/version.ts'
import { guardStreams } from './streams.ts'

/** Where `warder` starts. The version is answered before anything else is loaded. */
const words = process.argv.slice(2)

if (words.length === 1 && ['--version', '-V', 'version'].includes(words[0] ?? '')) {
  guardStreams(process)
  process.stdout.write(`warder ${installedVersion().version}\n`)
} else {
  const { runProcess } = await import('./process.ts')
  process.exitCode = await runProcess(words)
}

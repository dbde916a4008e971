import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../platform/command.ts'
import { lintUnbound } from './resolver.ts'

const CHECKERS = ['/usr/sbin/unbound-checkconf', '/usr/bin/unbound-checkconf']

export interface ResolverCheck {
  readonly problems: readonly string[]
  /** Whether unbound's own checker looked too, or why not. */
  readonly checker: 'accepted' | 'refused' | 'not tried: unbound-checkconf is not on this machine'
}

/** Our own rules, and unbound's checker where there is one. */
export async function checkResolver(text: string): Promise<ResolverCheck> {
  const problems = lintUnbound(text)
  const checker = CHECKERS.find((place) => existsSync(place))
  if (checker === undefined) {
    return { problems, checker: 'not tried: unbound-checkconf is not on this machine' }
  }
  const directory = mkdtempSync(join(tmpdir(), 'warder-unbound-'))
  try {
    const path = join(directory, 'unbound.conf')
    writeFileSync(path, text, { mode: 0o600 })
    const { code, stderr, stdout } = await run(checker, [path])
    if (code === 0) return { problems, checker: 'accepted' }
    const said = `${stdout.toString('utf8')}${stderr.toString('utf8')}`
      .trim()
      .replaceAll(path, 'unbound.conf')
    return { problems: [...problems, ...said.split('\n')], checker: 'refused' }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

import { join, resolve } from 'node:path'
import { foreignFiles } from '../platform/foreign-files.ts'

const MOST = 1000

/** Every absolute path these texts may name, as a shell or a tool could take their words: rather too many than one too few. */
export function namedPaths(texts: readonly string[], cwd: string, home: string): readonly string[] {
  const words = texts.flatMap((text) => [text, ...text.split(/[\s"'`=:,;@|&<>(){}[\]]+/)])
  const paths = new Set<string>()
  for (const word of words) {
    if (word === '' || word.length > 4096 || word.includes('\0')) continue
    paths.add(word === '~' || word.startsWith('~/') ? join(home, word.slice(1)) : resolve(cwd, word))
    if (paths.size >= MOST) break
  }
  return [...paths]
}

/** All text in a value of JSON. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

/** Asks the file systems these texts may lead to whether they answer, before anything on them is looked at. */
export async function askNamed(texts: readonly string[], cwd: string, home: string): Promise<void> {
  await foreignFiles.ask(() => [cwd, ...namedPaths(texts, cwd, home)])
}

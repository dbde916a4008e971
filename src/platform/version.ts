import { readFileSync } from 'node:fs'

export interface Version {
  readonly version: string
  /** The commit it was built from; absent when it runs from sources. */
  readonly commit?: string
  /** When it was built, or rather the time of the commit, so that two builds are alike. */
  readonly built?: string
}

/** What is installed here. Small and without imports, because `--version` must answer at once. */
export function installedVersion(): Version {
  const inSources = import.meta.url.endsWith('.ts')
  const manifest = readJson(inSources ? '../../package.json' : '../package.json')
  const build = inSources ? undefined : readJson('./build.json')
  const version = textIn(manifest, 'version') ?? 'unknown'
  const commit = textIn(build, 'commit')
  const built = textIn(build, 'date')
  return { version, ...(commit !== undefined && { commit }), ...(built !== undefined && { built }) }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as unknown
  } catch {
    // a missing or broken file costs the commit or the number, never the answer
    return undefined
  }
}

function textIn(value: unknown, key: string): string | undefined {
  const text =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  return typeof text === 'string' ? text : undefined
}

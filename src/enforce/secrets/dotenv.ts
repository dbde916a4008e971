import { isSecretVariable } from '../../core/secret-variable.ts'
import { SecretValue } from '../../platform/secret-value.ts'
import { SecretsError } from './errors.ts'
import type { Imported } from './fernet.ts'
import { isValueSize } from './record.ts'

/** `OPENAI_API_KEY` becomes `openai-api-key`. */
export function secretNameOf(variable: string): string {
  return variable
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 63)
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/

/**
 * The variables of a `.env` file: `NAME=value`, with quotes or without, `export` before it or not, `#` for comments.
 * Nothing in it is expanded: `$HOME` is these five characters.
 *
 * @throws SecretsError `IMPORT_INVALID` with the number of the line, never its text
 */
export function readDotEnv(text: string): { readonly name: string; readonly text: string }[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  return lines.flatMap((line, at) => {
    if (/^\s*(?:#|$)/.test(line)) return []
    const [, name, raw = ''] = LINE.exec(line) ?? []
    const value = name === undefined ? undefined : unquoted(raw)
    if (name === undefined || value === undefined) {
      throw new SecretsError(
        'IMPORT_INVALID',
        `line ${at + 1} is not NAME=value on one line`,
        'write values of several lines to a file of their own and set them with --fd; nothing was imported',
      )
    }
    return [{ name, text: value }]
  })
}

function unquoted(raw: string): string | undefined {
  const quote = raw[0]
  if (quote !== '"' && quote !== "'") return raw.replace(/(?:^|\s)#.*$/, '')
  const end = raw.indexOf(quote, 1)
  const isWhole = end > 0 && /^\s*(?:#.*)?$/.test(raw.slice(end + 1))
  return isWhole ? raw.slice(1, end) : undefined
}

/** Those that hold secrets, or all, as values to be kept. Empty ones are left out. */
export function secretsOf(variables: readonly { name: string; text: string }[], all: boolean): Imported[] {
  return variables
    .filter(({ name, text }) => (all || isSecretVariable(name)) && isValueSize(Buffer.byteLength(text)))
    .map(({ name, text }) => ({ name, value: SecretValue.take(Buffer.from(text)) }))
}

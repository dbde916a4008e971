import { refuse, type Checked } from './form.ts'

/** One label of RFC 1123, section 2.1: `a-z`, `0-9` and inner hyphens, at most 63. Never begins like an option. */
export type NameLabel = Checked<string, 'NameLabel'>
/** Labels joined by dots, at most 253 characters. */
export type ServiceName = Checked<string, 'ServiceName'>
/** A host name, or `*.` and a name of two labels at least, which stands for every name below it. */
export type DomainPattern = Checked<string, 'DomainPattern'>
/** A name POSIX lets an environment variable have, at most 128 characters. */
export type EnvironmentName = Checked<string, 'EnvironmentName'>
/** 7 to 40 lower-case hexadecimal digits, as git prints a commit. */
export type CommitHash = Checked<string, 'CommitHash'>

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const LONGEST_NAME = 253

export function isNameLabel(value: unknown): value is NameLabel {
  return typeof value === 'string' && LABEL.test(value)
}

/** @throws FormError `FORM_INVALID` */
export function parseNameLabel(text: string): NameLabel {
  return isNameLabel(text)
    ? text
    : refuse('a name', text, 'use 1 to 63 of a-z, 0-9 and hyphens, none at the beginning or the end')
}

export function isServiceName(value: unknown): value is ServiceName {
  return typeof value === 'string' && value.length <= LONGEST_NAME && value.split('.').every(isNameLabel)
}

/** @throws FormError `FORM_INVALID` */
export function parseServiceName(text: string): ServiceName {
  return isServiceName(text)
    ? text
    : refuse(
        'the name of a service',
        text,
        `use labels of a-z, 0-9 and hyphens joined by dots, at most ${LONGEST_NAME} characters`,
      )
}

/** Names that end in a number are addresses to some programs (WHATWG URL, section 3.5), hence none here. */
export function isDomainPattern(value: unknown): value is DomainPattern {
  if (typeof value !== 'string' || value.length > LONGEST_NAME) return false
  const name = value.startsWith('*.') ? value.slice(2) : value
  const labels = name.split('.')
  const isBroad = value.startsWith('*.') && labels.length < 2 // *.com would be half the world
  return labels.every(isNameLabel) && !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') && !isBroad
}

/** @throws FormError `FORM_INVALID` */
export function parseDomainPattern(text: string): DomainPattern {
  return isDomainPattern(text)
    ? text
    : refuse(
        'a domain',
        text,
        'write a host name in lower case such as example.com (xn-- for other letters), or *.example.com',
      )
}

export function isEnvironmentName(value: unknown): value is EnvironmentName {
  return typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value)
}

/** @throws FormError `FORM_INVALID` */
export function parseEnvironmentName(text: string): EnvironmentName {
  return isEnvironmentName(text)
    ? text
    : refuse(
        'the name of an environment variable',
        text,
        'use letters, digits and underscores, no digit first',
      )
}

export function isCommitHash(value: unknown): value is CommitHash {
  return typeof value === 'string' && /^[0-9a-f]{7,40}$/.test(value)
}

/** @throws FormError `FORM_INVALID` */
export function parseCommitHash(text: string): CommitHash {
  return isCommitHash(text)
    ? text
    : refuse('a commit', text, 'write 7 to 40 of 0-9 and a-f; a branch is not a commit')
}

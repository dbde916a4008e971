export type ChangeVerb = 'write' | 'delete'

/** Programs that take away every file they are named, and those that do it and put one elsewhere. */
const REMOVES = /^(?:rm|rmdir|unlink|shred|mv)$/
/** Programs that write every file they are named. */
const WRITES =
  /^(?:mv|truncate|tee|touch|chmod|chown|chgrp|mkdir|mkfifo|mknod|patch|ed|ex|vi|vim|nano|dos2unix)$/
/** Programs that write the last one, or the one behind `-t`. */
const LAST = /^(?:cp|install|ln|link|rsync|scp|gcp|ginstall)$/
/** Programs that write what they read when they are told to. */
const IN_PLACE = /^(?:g?sed|perl|ruby|yq|gofmt|prettier|black|eslint|oxfmt|rustfmt|clang-format)$/
const IN_PLACE_OPTION = /^(?:-[a-zA-Z0-9]*i|--in-?place\b|--write$|-w$|--fix)/
const TARGET_OPTION = /^(?:-[a-zA-Z]*t|--target-directory)$/

interface Word {
  readonly text: string
}

/** What becomes of one argument. */
export interface Changed<W extends Word> {
  readonly verb: ChangeVerb
  readonly word: W
}

/**
 * Which of its arguments a program is known to change. What is not in these lists may change files as well: the rating
 * of the command is for that, this is so that a rule about a file is heard for the usual ways to touch it.
 */
export function changedBy<W extends Word>(program: string, args: readonly W[]): readonly Changed<W>[] {
  const removed = REMOVES.test(program) ? plainOf(args) : []
  return [
    ...removed.map((word) => ({ verb: 'delete' as const, word })),
    ...writtenBy(program, args).map((word) => ({ verb: 'write' as const, word })),
  ]
}

function writtenBy<W extends Word>(program: string, args: readonly W[]): readonly W[] {
  const plain = plainOf(args)
  if (WRITES.test(program)) return plain
  if (program === 'dd') return valuesOf(args, /^of=/)
  if (IN_PLACE.test(program)) return args.some(({ text }) => IN_PLACE_OPTION.test(text)) ? plain : []
  if (!LAST.test(program)) return []
  const target = args.findIndex(({ text }) => TARGET_OPTION.test(text))
  const named = target === -1 ? plain.slice(-1) : args.slice(target + 1, target + 2)
  return [...named, ...valuesOf(args, /^--target-directory=/)]
}

function plainOf<W extends Word>(args: readonly W[]): readonly W[] {
  return args.filter(({ text }) => !text.startsWith('-'))
}

function valuesOf<W extends Word>(args: readonly W[], option: RegExp): readonly W[] {
  return args
    .filter(({ text }) => option.test(text))
    .map((word) => ({ ...word, text: word.text.replace(option, '') }))
}

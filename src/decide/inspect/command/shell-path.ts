/** A shell named by its place, in a word or a text. */
export const SHELL_PATH = /(?:^|[^\w/.-])\/(?:usr\/)?bin\/(?:ba|da|z|k|a|c|tc|fi)?sh(?=$|[^\w./-])/

/** A shell by its bare name. */
export const SHELL_NAME = /^(?:ba|da|z|k|a|c|tc|fi|r?ba)?sh$/

/** A word that holds a whole command which starts a shell: `sh -i`, `!bash`, `|sh`, `exec sh`. */
export const SHELL_COMMAND =
  /^['"]?(?:(?:exec|reset;|shell|spawn|[!|;&:]+|\$\(|`)\s*(?:exec\s+)?(?:ba|da|z|k|a)?sh(?=$|[\s;|&)`'"]|<)|(?:ba|da|z|k|a)?sh\s+(?:-[a-z]*[ilpc]\b|\d?[<>]))/

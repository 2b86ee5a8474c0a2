extension SplitRule {
  /// The rule that does what a regular expression of a `tokenizer.json` does, and whether it matches every character.
  package static func known(_ regex: String) -> (rule: SplitRule, coversAll: Bool)? {
    if let rule = whole[regex] { return (rule, true) }
    return partial[regex].map { ($0, false) }
  }

  private static let contraction = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#
  private static let plainContraction = #"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"#
  private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let capitals = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let smalls = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#

  private static let whole: [String: SplitRule] = {
    var known: [String: SplitRule] = [
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
      #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
      #"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces:
        .words(WordStyle(contractions: false, numbers: 1)),
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#:
        .words(WordStyle(numbers: 1)),
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#:
        .words(WordStyle()),
    ]
    for contraction in [contraction, plainContraction] {
      for (numbers, count) in [(#"\p{N}{1,3}"#, 3), (#"\p{N}"#, 1), (#"\p{N}{1}"#, 1), (#"\p{N}+"#, 0)] {
        let words = contraction + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
        known[words + #"| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces] = .words(WordStyle(numbers: count))
        known[words + #"| ?[^\s\p{L}\p{N}\r\n]+"# + spaces] = .words(WordStyle(numbers: count, lineEnds: false))
        known[
          contraction + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|"# + numbers + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"#
            + spaces] = .words(WordStyle(numbers: count, marks: true))
        for (tail, hasContractions) in [("", false), (contraction + "?", true)] {
          let cased =
            #"[^\r\n\p{L}\p{N}]?"# + capitals + "*" + smalls + "+" + tail + #"|[^\r\n\p{L}\p{N}]?"# + capitals + "+"
            + smalls + "*" + tail + "|" + numbers
          known[cased + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces] = .casedWords(
            WordStyle(contractions: hasContractions, numbers: count, slashes: true))
        }
      }
    }
    return known
  }()

  private static let partial: [String: SplitRule] = [
    #"\p{N}{1,3}"#: .numbers(3),
    #"\p{N}"#: .numbers(1),
    #"\p{N}+"#: .numbers(0),
    "[0-9][0-9][0-9]": .threeDigits,
    "[\r\n]": .lineEnds,
    #"[\r\n]"#: .lineEnds,
    #"\s+$"#: .trailingSpace,
    #"\s?\p{L}+"#: .classRuns(UnicodeClasses.letter),
    #"\s?\p{P}+"#: .classRuns(UnicodeClasses.punctuation),
    #"\s?["# + CharacterRanges.deepSeekLetters.pattern + "]+": .runs(.deepSeekLetters, leadingSpace: true),
    #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#: .runs(.deepSeekPunctuation, leadingSpace: true),
    "[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+": .runs(.deepSeekIdeographs, leadingSpace: false),
    "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+": .runs(.ideographsAndKana, leadingSpace: false),
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^"## + "\r\n"
      + #"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+["# + "\r\n" + #"]*|\s*["# + "\r\n" + #"]+|\s+(?!\S)|\s+"#:
      .deepSeekWords,
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"##
      + spaces: .deepSeekWords,
    #" ?[^(\s|[.,!?…。，、।۔،])]+"#: .bloomWords,
  ]
}

/// One step of cutting text into words. What it matches becomes a piece, and so does what lies between two matches; later
/// steps cut the pieces further.
package enum SplitRule: Sendable, Equatable {
  /// GPT-2's: contractions, runs of letters, of numbers and of anything else with one leading space, white space.
  case gpt2
  /// GPT-2's with every number alone, in one step.
  case gpt2SingleNumbers
  /// What came after GPT-4's: see ``WordStyle``.
  case words(WordStyle)
  /// With capitals apart, as GPT-4o's.
  case casedWords(WordStyle)
  /// Numbers in groups of up to so many; 0 for any.
  case numbers(Int)
  /// Three ASCII digits.
  case threeDigits
  /// Runs of punctuation and of the ASCII symbols `$+<=>^|~`; GPT-NeoX's default lacks the backtick.
  case punctuationRuns(backtick: Bool)
  /// Every punctuation character and ASCII symbol alone.
  case punctuation
  /// Every line feed and carriage return alone.
  case lineEnds
  /// Runs of line feeds.
  case lineFeedRuns
  /// Runs of the characters of a set, with one white space before if there is one.
  case runs(CharacterRanges, leadingSpace: Bool)
  /// Runs of characters of these classes, with one white space before.
  case classRuns(UInt8)
  /// White space at the end.
  case trailingSpace
  /// DeepSeek-V3's last step.
  case deepSeekWords
  /// Runs of anything but white space and BLOOM's stops, with one leading space.
  case bloomWords
  /// Every run of white space.
  case spaceRuns
  /// BERT's: every punctuation character alone, runs of white space.
  case bert
  /// Regular expressions' `\w+` and the rest without white space.
  case wordsAndRest
  /// In front of every U+2581.
  case metaspace
}

/// The details in which the word rules after GPT-4's differ.
package struct WordStyle: Sendable, Equatable {
  /// Whether English contractions are words: of capitals, too.
  var contractions = true
  /// How many numbers make a word; 0 for any.
  var numbers = 3
  /// Whether marks count as letters.
  var marks = false
  /// Whether line ends that follow punctuation belong to it.
  var lineEnds = true
  /// Whether slashes do, too.
  var slashes = false
}

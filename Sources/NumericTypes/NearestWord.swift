/// What a mistyped word may have meant.
package enum NearestWord {
  /// The word that is at most two changes away, the nearest and then the first by the alphabet.
  package static func of(_ word: String, among words: some Sequence<String>) -> String? {
    let near = words.map { (distance(word, $0), $0) }.filter { $0.0 <= min(2, word.count - 1) }
    return near.min { $0 < $1 }?.1
  }

  /// How many letters must be changed, added or left out to make one word of the other (Levenshtein's distance).
  package static func distance(_ a: String, _ b: String) -> Int {
    let target = Array(b)
    var row = Array(0...target.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in target.enumerated() {
        let changed = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, row[j] + 1, diagonal + 1)
      }
    }
    return row[target.count]
  }
}

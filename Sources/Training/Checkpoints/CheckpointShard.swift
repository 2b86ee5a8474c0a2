/// A file of a checkpoint, as its manifest has it.
struct CheckpointShard: Sendable, Hashable {
  var part: TrainingCheckpoint.Part
  /// From 1.
  var number: Int
  /// The files of this part.
  var count: Int
  var bytes: Int
  var sha256: String

  /// The file's name: `optimizer-00001-of-00002.safetensors`.
  var name: String {
    "\(part.rawValue)-\(DecimalText.padded(number, 5))-of-\(DecimalText.padded(count, 5)).safetensors"
  }
}

/// Whole numbers as text.
enum DecimalText {
  /// At least `digits` digits, with zeros in front.
  static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

import Venturi

/// Where `venturi pull` puts data that experiments learn from.
enum PulledData {
  /// The King James text.
  ///
  /// - Throws: `InferenceError` where there is no home.
  static func kingJames() throws -> String { try folder("bible-kjv") + "/bible-kjv.txt" }

  /// The folder of a data set.
  ///
  /// - Throws: `InferenceError` where there is no home.
  static func folder(_ name: String) throws -> String { try ModelHome().dataFolder(of: name) }
}

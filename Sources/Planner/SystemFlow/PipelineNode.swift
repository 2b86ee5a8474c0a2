/// A source of messages, or a stage that joins, thins out and works on those of the nodes before it.
public struct PipelineNode: Sendable, Hashable {
  /// Operations of a message of so many bytes: k₁·x + k₂·x² + k₃·x³.
  public struct Complexity: Sendable, Hashable {
    /// k₁, k₂ and k₃.
    public var coefficients: [Double]

    /// A polynomial through zero.
    public init(_ coefficients: Double...) { self.coefficients = coefficients }

    /// Its value.
    func operations(_ bytes: Double) -> Double { coefficients.reversed().reduce(0) { ($0 + $1) * bytes } }
  }

  /// How many operations of a message run one after the other.
  public enum Parallelism: Sendable, Hashable {
    /// One: all run at once.
    case full
    /// All of them.
    case serial
    /// As many as `lanes` leave.
    case lanes(Double)

    func steps(_ operations: Double) -> Double {
      switch self {
      case .full: 1
      case .serial: operations
      case .lanes(let lanes): (operations / lanes).rounded(.up)
      }
    }
  }

  /// Its name, another for each node.
  public var name: String
  /// Bytes that each message gets here.
  public var bytes: Double
  /// Messages a second, of a source; `nil` for other nodes.
  public var rate: Double?
  /// The part of a message that compression takes away, 0..<1.
  public var compression: Double
  /// How it tells messages apart.
  public var classifier: PipelineClassifier
  /// Messages in for each that goes out, at least 1.
  public var reduction: Double
  /// Operations of a message.
  public var complexity: Complexity
  /// Joules of an operation.
  public var joulesPerOperation: Double
  /// Seconds of an operation.
  public var secondsPerOperation: Double
  /// Seconds until a message is on its way from here.
  public var routingSeconds: Double
  /// How many operations run one after the other.
  public var parallelism: Parallelism

  /// A node.
  public init(
    _ name: String, bytes: Double = 0, rate: Double? = nil, compression: Double = 0,
    classifier: PipelineClassifier = .passThrough, reduction: Double = 1, complexity: Complexity = Complexity(),
    joulesPerOperation: Double = 0, secondsPerOperation: Double = 0, routingSeconds: Double = 0,
    parallelism: Parallelism = .full
  ) {
    self.name = name
    self.bytes = bytes
    self.rate = rate
    self.compression = compression
    self.classifier = classifier
    self.reduction = reduction
    self.complexity = complexity
    self.joulesPerOperation = joulesPerOperation
    self.secondsPerOperation = secondsPerOperation
    self.routingSeconds = routingSeconds
    self.parallelism = parallelism
  }

  /// What is wrong with its numbers.
  var problem: (field: String, problem: String)? {
    let numbers = [
      ("bytes", bytes), ("rate", rate ?? 0), ("joulesPerOperation", joulesPerOperation),
      ("secondsPerOperation", secondsPerOperation), ("routingSeconds", routingSeconds),
    ]
    for (field, value) in numbers where !(value >= 0 && value <= 1e18) {
      return (field, "\(value) lies outside 0…10¹⁸")
    }
    if let rate, rate < 1 { return ("rate", "\(rate) must be at least 1 a second") }
    if !(compression >= 0 && compression < 1) { return ("compression", "\(compression) must lie in 0..<1") }
    if !(reduction >= 1 && reduction <= 1e18) { return ("reduction", "\(reduction) lies outside 1…10¹⁸") }
    for value in complexity.coefficients where !(value >= 0 && value.isFinite) {
      return ("complexity", "\(value) must not be below 0")
    }
    if complexity.coefficients.count > 8 { return ("complexity", "a polynomial of more than the eighth degree") }
    if case .lanes(let lanes) = parallelism, !(lanes >= 1 && lanes.isFinite) {
      return ("lanes", "\(lanes) must be at least 1")
    }
    return classifier.problem
  }
}

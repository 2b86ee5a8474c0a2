import Formats
import Inference

/// An advice, or several together, with what was found of it.
public struct Lever: Sendable {
  /// What became of it.
  public enum Verdict: Sendable, Equatable {
    /// Better beyond noise.
    case better
    /// Neither better nor worse beyond noise.
    case noise
    /// Worse beyond noise.
    case worse
    /// It would cost more quality than is allowed.
    case quality
    /// It would cost more speed than is allowed.
    case slow
    /// Not measured, and why.
    case untried(String)
    /// It could not be measured, and why.
    case failed(String)

    /// The verdict in words.
    public var text: String {
      switch self {
      case .better: "better"
      case .noise: "no difference beyond noise"
      case .worse: "worse"
      case .quality: "costs more quality than allowed"
      case .slow: "costs more speed than allowed"
      case .untried(let reason): "not tried: \(reason)"
      case .failed(let reason): "failed: \(reason)"
      }
    }
  }

  /// The techniques that take part.
  public var techniques: [String]
  /// Their settings' names: `threads 2`, `threads 2 + lookup 4`.
  public var name: String
  /// What it addresses.
  public var addresses: [Bottleneck]
  /// The predicted gain.
  public var predicted: Double
  /// The settings with it.
  public var settings: EngineSettings
  /// The measured gain, with its interval.
  public var measured: RatioEstimate?
  /// Whether the answers stay as good.
  public var quality: Quality
  /// What became of it.
  public var verdict: Verdict

  /// An advice, not measured yet, on top of settings.
  public init(_ advice: Advice, on settings: EngineSettings) {
    techniques = [advice.technique]
    name = advice.name
    addresses = advice.addresses
    predicted = advice.predictedGain
    self.settings = advice.applied(to: settings)
    quality = Quality(isExact: advice.isExact)
    verdict = .untried("the search ended before")
  }

  /// Both together; gains multiply where nothing else is known.
  public func combined(with other: Lever, settings: EngineSettings) -> Lever {
    var both = self
    both.techniques += other.techniques
    both.name += " + " + other.name
    both.addresses += other.addresses.filter { !addresses.contains($0) }
    both.predicted *= other.predicted
    both.settings = settings
    both.measured = nil
    both.quality = Quality(isExact: quality.isExact && other.quality.isExact)
    both.verdict = .untried("the search ended before")
    return both
  }

  /// Predicted ÷ measured − 1; `nil` where it was not measured.
  public var error: Double? { measured.map { predicted / $0.median - 1 } }

  /// `{"name", "predicted", "measured", "quality", …}`.
  public var json: JSON {
    [
      "name": .string(name), "predicted": .rounded(predicted, digits: 4),
      "measured": measured.map { .rounded($0.median, digits: 4) } ?? .null, "quality": quality.json,
      "interval": measured?.json ?? .null, "error": error.map { .rounded($0, digits: 4) } ?? .null,
      "verdict": .string(verdict.text), "techniques": .array(techniques.map { .string($0) }),
      "addresses": .array(addresses.map { .string("\($0.phase.rawValue) \($0.limit.rawValue)") }),
      "settings": settings.json,
    ]
  }
}

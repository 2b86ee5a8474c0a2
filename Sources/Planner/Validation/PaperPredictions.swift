/// A paper's published numbers, each beside what the Planner predicts.
public struct PaperPredictions: Sendable, Hashable {
  /// The system's number in the catalogue.
  public var system: Int
  /// The paper, by the name it is known by.
  public var paper: String
  /// The predictions, one for each published number.
  public var predictions: [Prediction]

  /// A paper with its predictions.
  public init(system: Int, paper: String, predictions: [Prediction]) {
    self.system = system
    self.paper = paper
    self.predictions = predictions
  }

  /// Its verified numbers on which nothing was fitted: what counts.
  public var evidence: [Prediction] { predictions.filter(\.isEvidence) }
}

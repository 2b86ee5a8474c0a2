/// How a stack of layers learns.
public enum LearningRule: String, Sendable, Hashable, CaseIterable {
  /// One loss at the end, its gradient taken back through all layers.
  case backpropagation = "bp"
  /// Each layer tells samples with their right label from those with a wrong one (Hinton: The forward-forward algorithm, 2022,
  /// arXiv 2212.13345).
  case forwardForward = "ff"
  /// Layers stay as chance made them; each has a linear predictor of its own (Zhao et al.: The cascaded forward algorithm
  /// for neural network training, 2023, arXiv 2303.09728).
  case cascadedForward = "cafo"
  /// Each layer is trained by the scores of a projection of its own (Gong, Li, Abdulla: Mono-Forward: backpropagation-free
  /// algorithm for efficient neural network training harnessing local errors, 2025, arXiv 2501.09238).
  case monoForward = "mf"
}

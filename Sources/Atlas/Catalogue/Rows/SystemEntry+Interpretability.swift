extension SystemEntry {
  /// Interpretability: concept and information bottlenecks.
  static let interpretability: [SystemEntry] = [
    SystemEntry(
      34, "ib-generalisation", "IB-Bound", .interpretability, .interpretability, arXiv: "2305.18887",
      "Measures how much a trained network’s layers keep of their input, and relates it to its generalisation.",
      keywords: "information bottleneck, mutual information, generalisation gap, bound, deep network"),
    SystemEntry(
      59, "cs-ib", "CS-IB", .interpretability, .interpretability, arXiv: "2404.17951",
      "An information bottleneck for regression with a divergence that has a closed form.",
      keywords: "information bottleneck, Cauchy-Schwarz divergence, regression, kernel estimate, robustness"),
    SystemEntry(
      39, "post-hoc-cbm", "Post-hoc Concept Bottleneck Models", .interpretability, .interpretability,
      arXiv: "2205.15480",
      "Turns any trained backbone into one that decides by named concepts, and edits it through them.",
      keywords: "concept bottleneck, post-hoc, concept bank, model editing, residual, CLIP"),
    SystemEntry(
      47, "sparse-cbm", "Sparse-CBM", .interpretability, .interpretability, arXiv: "2404.03323",
      "Concept layers on an aligned encoder that use few concepts an image, and a search without training.",
      keywords: "concept bottleneck, sparsity, Gumbel-softmax, CLIP, zero-shot, concept matrix search"),
    SystemEntry(
      51, "labo", "LaBo", .interpretability, .interpretability, arXiv: "2211.11158",
      "A language model proposes concepts; a submodular choice keeps few that tell the classes apart.",
      keywords: "concept bottleneck, language model, submodular selection, explanation, few-shot, CLIP"),
    SystemEntry(
      64, "ecbm", "ECBM", .interpretability, .interpretability, arXiv: "2401.14142",
      "One energy over input, concepts and class, so that correcting one concept corrects its relatives.",
      keywords: "concept bottleneck, energy-based model, intervention, joint inference, conditional probabilities"),
  ]
}

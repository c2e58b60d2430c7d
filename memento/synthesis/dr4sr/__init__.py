"""DR4SR: a world's accesses told again from the patterns in them.

Yin et al., "Dataset Regeneration for Sequential Recommendation", KDD 2024, arXiv 2405.17795;
repository USTC-StarTeam/DR4SR. Sessions become sequences of items
(`sequences`), of which frequent ordered sub-sequences are mined (`mining`); a small transformer learns
to tell patterns from sequences (`regenerator`) and tells new rows (`inference`), which become sessions
again (`rebuild`).
"""

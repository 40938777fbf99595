"""aiml"""
